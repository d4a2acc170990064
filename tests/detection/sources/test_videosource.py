import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.detection.sources.ahead import LONGEST_WAIT, ahead
from pipeline.detection.sources.frame import Frame, SoundPacket
from pipeline.detection.sources.framesource import Reading
from pipeline.detection.sources.videosource import VideoSource
from pipeline.files.folder import Skips
from pipeline.process.ending import StopRequest


class Reader(SimpleNamespace):
    """A reader of frames that come from an iterable."""

    name, steady, rate, count, sound, rest = "x", True, 25, None, None, []
    undecodable, broken = 0, None

    def __iter__(self):
        for index in self.frames:
            yield Frame(np.zeros((2, 2, 3), np.uint8), index, 0.0, self.name,
                        sound=[SoundPacket(f"packet {index}", 0.0)])

    def close(self):
        self.closed = True


def source_of(reader):
    return VideoSource(lambda: reader, Skips(), StopRequest(), Reading())


def test_a_live_source_gives_the_newest_frame_with_the_sound_of_those_dropped():
    waiting, more, over = threading.Event(), threading.Event(), threading.Event()

    def frames():
        yield 0
        more.wait()
        yield from range(1, 4)
        waiting.set()
        over.wait()

    with source_of(Reader(frames=frames(), live=True)) as source:
        frames = iter(source)
        first = next(frames)
        more.set()
        waiting.wait()
        time.sleep(LONGEST_WAIT)
        newest = next(frames)
        over.set()
        assert list(frames) == []
    assert newest.index == 3
    assert [sound.packet for sound in first.sound + newest.sound] == [
        f"packet {index}" for index in range(4)]


def test_a_file_loses_no_frame():
    with source_of(Reader(frames=range(30), live=False)) as source:
        assert [frame.index for frame in source] == list(range(30))


def test_an_output_that_fails_ends_the_threads_but_the_one_that_hangs():
    hangs = threading.Event()

    def frames():
        yield 0
        hangs.wait()

    def threads():
        return {thread for thread in threading.enumerate() if thread.is_alive()}

    before = threads()
    reader = Reader(frames=frames(), live=False)
    with pytest.raises(OSError, match="disk full"), source_of(reader) as source:
        found = ahead((frame for frame in source), 2)
        next(found)
        reading = threads() - before
        raise OSError("disk full")
    found.close()
    time.sleep(0.5)
    hanging = threads() - before
    hangs.set()
    for thread in hanging:
        thread.join()
    assert len(reading) == 2 and len(hanging) == 1
    assert not hasattr(reader, "closed")
