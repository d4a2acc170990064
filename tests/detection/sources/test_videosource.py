import time

import numpy as np

from pipeline.detection.sources.frame import Frame
from pipeline.detection.sources.sound import SoundPacket
from pipeline.detection.sources.videosource import VideoSource
from pipeline.ending import StopRequest
from pipeline.files.skips import Skips


class LiveReader:
    name, live, steady, rate, count, sound, rest = "live", True, True, 25, None, None, []
    undecodable, broken = 0, None

    def __iter__(self):
        for index in range(3):
            yield Frame(np.zeros((2, 2, 3), np.uint8), index, 0.0, self.name,
                        sound=[SoundPacket(f"packet {index}", 0.0)])

    def close(self):
        pass


def test_who_looks_late_sees_the_newest_frame_of_what_was_live():
    with VideoSource(lambda timeout: LiveReader(), "live", Skips(), StopRequest()) as source:
        time.sleep(0.5)  # it has ended
        frame, = source
    assert frame.index == 2
    assert [sound.packet for sound in frame.sound] == ["packet 0", "packet 1", "packet 2"]
