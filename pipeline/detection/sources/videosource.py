"""Frames from a camera, a video file or a stream."""

import queue
import threading
import time
from contextlib import suppress

from pipeline.detection.sources.steadyreader import SteadyReader
from pipeline.ending import leave_behind
from pipeline.errors import UserError

# Frames decoded ahead of a file's analysis.
FRAMES_AHEAD = 8

PATIENCE = 0.1  # between two looks at whether someone wants to stop, seconds


class VideoSource:
    """Iterates over the Frames of a camera, a video file or a stream.

    A thread opens and decodes ahead, so that what hangs there holds up nobody. A file loses no
    frame; of a live source old frames are dropped, so the newest is never late. open_reader,
    reconnect: as a SteadyReader's. every: take each N-th frame only. What is left out is told to
    skips. A stop that is requested ends the iteration.

    Within its context live, rate, count (of the frames to come, or None) and sound are the
    reader's. Raises UserError if it cannot be opened or has no frame.
    """

    pictures = False

    def __init__(self, open_reader, name, skips, stop, *, every=1, reconnect=0):
        self.name = name
        self._open_reader = open_reader
        self._every = every
        self._reconnect = reconnect
        self._stop = stop
        self._skips = skips
        self._reader = None
        self._finished = False  # whether every frame was handed on
        self._failure = None
        self._opened = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        leave_behind(self._thread)
        while not self._opened.wait(timeout=PATIENCE):
            self._stop.end_if_requested()
        if self._reader is None:
            raise self._failure
        return self

    def __exit__(self, *exception):
        self._stopping.set()
        self._thread.join(timeout=5 * PATIENCE)
        if self._reader is not None and not self._thread.is_alive():
            self._reader.close()  # a thread that hangs in it keeps it, and ends with the process

    def __iter__(self):
        none_yet = True
        while (frame := self._next()) is not None:
            none_yet = False
            yield frame
        if self._stop.requested:
            return
        if self._failure:
            raise self._failure
        if none_yet:
            why = f": {self._reader.broken}" if self._reader.broken else ""
            raise UserError(f"{self.name}: opened, but gives no frame{why}")
        self._finished = True
        self._tell_what_is_left_out()

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
        """The SoundPackets after the last frame, once that was handed on."""
        return self._reader.rest if self._finished else []

    @property
    def end(self):
        """The seconds up to which a live source was watched; None of a file."""
        if not self.live or self._reader.began is None:
            return None
        return (self._reader.ended if self._finished else time.monotonic()) - self._reader.began

    def _next(self):
        while not self._stop.requested:
            with suppress(queue.Empty):
                return self._queue.get(timeout=PATIENCE)
        return None

    def _tell_what_is_left_out(self):
        if number := self._reader.undecodable:
            frames = "1 frame" if number == 1 else f"{number:,} frames"
            self._skips.add("frames that could not be decoded",
                            f"{self.name}: {frames} could not be decoded; left out", number)
        if self._reader.broken:
            self._skips.add("videos that break off",
                            f"{self.name}: {self._reader.broken}; what was read is kept")

    def _work(self):
        try:
            reader = SteadyReader(self._open_reader, reconnect=self._reconnect,
                                  stopping=self._stopping)
            self._queue = queue.Queue(maxsize=1 if reader.live else FRAMES_AHEAD)
            self._reader = reader
            self._opened.set()
            self._hand_on(reader)
        except BaseException as error:  # it is for who iterates to handle
            self._failure = error
        finally:
            self._opened.set()
            if self._reader is not None:
                self._put(None)

    def _hand_on(self, reader):
        waiting = []  # the sound of frames that are not taken
        for frame in reader:
            if self._stopping.is_set():
                return
            waiting += frame.sound
            if frame.index % self._every == 0:
                frame.sound, waiting = waiting, []
                self._put(frame)

    def _put(self, frame):
        """Hand on a frame, or None for the end; of a live source in place of the one before."""
        while not self._stopping.is_set():
            with suppress(queue.Full):
                return self._queue.put(frame, timeout=PATIENCE)
            if self.live and frame is not None:
                with suppress(queue.Empty):
                    frame.sound[:0] = self._queue.get_nowait().sound
