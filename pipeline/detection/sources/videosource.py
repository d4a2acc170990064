"""Frames from a camera, a video file or a stream."""

import threading
import time

from pipeline.detection.sources.ahead import PATIENCE, ahead
from pipeline.errors import UserError

FRAMES_AHEAD = 8  # decoded while earlier ones are analysed


class VideoSource:
    """Iterates over the Frames of a camera, a video file or a stream.

    Threads open and decode, so a stream that hangs does not hold up a stop. No frame of a file is
    lost. Of a live source old frames are dropped where the analysis cannot keep up.

    open_reader: a function that opens a reader; it gets an Event that is set when the source is
    closed. skips: Skips of what is left out. stop: a StopRequest, which ends the iteration.
    every: take each N-th frame only. start: seconds at which the frames begin.

    Within its context live, rate, count (of the frames to come, or None) and sound are the
    reader's. Raises UserError if it cannot be opened or has no frame.
    """

    pictures = False

    def __init__(self, open_reader, name, skips, stop, *, every=1, start=0.0):
        self.name = name
        self.start = start
        self._open_reader = open_reader
        self._skips = skips
        self._stop = stop
        self._every = every
        self._reader = None
        self._began = self._ended = None  # reading, by time.monotonic()
        self._finished = False  # whether all frames were taken
        self._closed = threading.Event()
        self._idle = threading.Event()  # while no thread reads
        self._idle.set()

    def __enter__(self):
        for reader in ahead(self._opened(), 1, self._stop):
            self._reader = reader
        if self._reader is None:
            self._stop.end_if_requested()
        return self

    def __exit__(self, *exception):
        self._closed.set()
        if self._reader is not None and self._idle.wait(timeout=5 * PATIENCE):
            self._reader.close()  # else a thread hangs in it, and ends with the process

    def __iter__(self):
        none_yet = True
        merge = hand_on_sound if self.live else None
        for frame in ahead(self._frames(), FRAMES_AHEAD, self, merge):
            none_yet = False
            yield frame
        if self.requested:
            return
        if none_yet:
            why = f": {self._reader.broken}" if self._reader.broken else ""
            raise UserError(f"{self.name}: opened, but gives no frame{why}")
        self._finished = True
        self._note_what_is_left_out()

    @property
    def requested(self):
        """Whether reading is to end, as a StopRequest has it."""
        return self._stop.requested or self._closed.is_set()

    @property
    def live(self):
        return self._reader.live

    @property
    def rate(self):
        """Frames a second of what is taken, nominal."""
        return self._reader.rate / (self._every if self._reader.steady else 1)

    @property
    def count(self):
        return self._reader.count and -(-self._reader.count // self._every)

    @property
    def sound(self):
        return self._reader.sound

    @property
    def rest(self):
        """The SoundPackets after the last frame, once that was taken."""
        return self._reader.rest if self._finished else []

    @property
    def end(self):
        """The seconds for which a live source was watched; None for a file."""
        if not self.live or self._began is None:
            return None
        return (self._ended if self._finished else time.monotonic()) - self._began

    def _opened(self):
        yield self._open_reader(self._closed)

    def _frames(self):
        """Yield the frames that are taken, each with the sound since the one before it."""
        self._idle.clear()
        sound = []
        try:
            for frame in self._reader:
                self._began = self._began or time.monotonic()
                sound += frame.sound
                if frame.index % self._every == 0:
                    frame.sound, sound = sound, []
                    yield frame
        finally:
            self._ended = time.monotonic()
            self._idle.set()

    def _note_what_is_left_out(self):
        if number := self._reader.undecodable:
            frames = "1 frame" if number == 1 else f"{number:,} frames"
            self._skips.add("frames that could not be decoded",
                            f"{self.name}: {frames} could not be decoded; left out", number)
        if self._reader.broken:
            self._skips.add("videos that break off",
                            f"{self.name}: {self._reader.broken}; what was read is kept")


def hand_on_sound(dropped, next_frame):
    """Put the sound of a frame that is dropped before the next frame's."""
    next_frame.sound[:0] = dropped.sound
