"""Frames from a camera, a video file or a stream."""

import threading
import time
from itertools import count

import cv2

from pipeline.detection.sources.ahead import PATIENCE, ahead
from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError

FRAMES_AHEAD = 8  # decoded while earlier ones are analysed
DEFAULT_RATE = 30  # frames a second, for a camera that does not say its rate


class VideoSource:
    """Iterates over the Frames of a camera, a video file or a stream.

    Threads open and decode, so a stream that hangs does not hold up a stop. No frame of a file is
    lost. Of a live source old frames are dropped where the analysis cannot keep up.

    open_reader: a function that opens a reader; it gets an Event that is set when the source is
    closed. skips: Skips of what is left out. stop: a StopRequest, which ends the iteration.
    reading: a Reading. Within its context it has the reader's attributes, those of the frames that
    are taken. Raises UserError if it cannot be opened or has no frame.
    """

    pictures = False

    def __init__(self, open_reader, skips, stop, reading):
        self.start, self.rest = reading.start, []
        self._open_reader = open_reader
        self._skips, self._stop, self._reading = skips, stop, reading
        self._began = None  # when the first frame was taken, by time.monotonic()
        self._closed, self._idle = threading.Event(), threading.Event()  # idle: no thread reads
        self._idle.set()

    def __enter__(self):
        reader = next(ahead(map(self._open_reader, [self._closed]), 1, self._stop), None)
        if reader is None:
            self._stop.end_if_requested()
        self._reader, every = reader, self._reading.every
        self.name, self.live, self.sound = reader.name, reader.live, reader.sound
        self.rate = reader.rate / (every if reader.steady else 1)
        self.count = reader.count and -(-reader.count // every)
        if self.live and (self.start or self._reading.end is not None):
            self.__exit__()
            raise UserError(f"{self.name}: a live source has no parts; leave out --start and --end")
        return self

    def __exit__(self, *exception):
        self._closed.set()
        if self._idle.wait(timeout=5 * PATIENCE):
            self._reader.close()  # else a thread hangs in it, and ends with the process

    def __iter__(self):
        yield from ahead(self._frames(), FRAMES_AHEAD, self, hand_on_sound if self.live else None)
        if self.requested:
            return
        broken, undecodable = self._reader.broken, self._reader.undecodable
        if self._began is None:
            why = f": {broken}" if broken else ""
            raise UserError(f"{self.name}: opened, but gives no frame{why}")
        self.rest = self._reader.rest
        if undecodable:
            self._skips.add("frames that could not be decoded",
                            f"{self.name}: {undecodable:,} frame{'s' * (undecodable > 1)} could "
                            "not be decoded; left out", undecodable)
        if broken:
            self._skips.add("videos that break off",
                            f"{self.name}: {broken}; what was read is kept")

    @property
    def requested(self):
        """Whether reading is to end, as a StopRequest has it."""
        return self._stop.requested or self._closed.is_set()

    @property
    def end(self):
        """The seconds for which a live source was watched until now; None for a file."""
        return time.monotonic() - self._began if self.live and self._began else None

    def _frames(self):
        """Yield the frames that are taken, each with the sound since the one before it."""
        self._idle.clear()
        sound = []
        try:
            for frame in self._reader:
                sound += frame.sound
                if frame.index % self._reading.every == 0:
                    self._began = self._began or time.monotonic()
                    frame.sound, sound = sound, []
                    yield frame
        finally:
            self._idle.set()


def hand_on_sound(dropped, next_frame):
    """Put the sound of a frame that is dropped before the next frame's."""
    next_frame.sound[:0] = dropped.sound


class CameraReader:
    """Iterates over the Frames of a webcam, by its number or the path of its device.

    seconds of a frame is when it arrived, from the first one. The attributes are VideoReader's.
    Raises UserError if the camera cannot be opened.
    """

    live = steady = True
    count = sound = None
    rest = ()
    undecodable = 0
    broken = "no more frames"

    def __init__(self, camera):
        self.name = name = f"camera {camera}" if isinstance(camera, int) else camera
        self._capture = cv2.VideoCapture(camera)
        if not self._capture.isOpened():
            raise UserError(f"{name} cannot be opened: none is there, or another program uses it; "
                            "try another --camera number, or --video FILE")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 1000 else DEFAULT_RATE

    def close(self):
        self._capture.release()

    def __iter__(self):
        began = None
        for index in count():
            read, image = self._capture.read()
            if not read:
                return
            now = time.monotonic()
            began = began or now
            yield Frame(image, index, now - began, self.name)
