"""Frames from a camera, a video file or a stream."""

import threading
import time
from contextlib import suppress

from pipeline.detection.sources.ahead import PATIENCE, ahead
from pipeline.errors import UserError
from pipeline.process.terminal import notice

FRAMES_AHEAD = 8  # decoded while earlier ones are analysed
BETWEEN_TRIES = 0.5  # seconds from one try to open a stream again to the next


class VideoSource:
    """Iterates over the Frames of a camera, a video file or a stream.

    Threads open and decode, so a stream that hangs does not hold up a stop. Frames of a live source
    are dropped where the analysis cannot keep up. It begins at 0 seconds; if it drops and comes
    back, its numbers go on, and its seconds by this machine's clock. Of a file that comes again
    from its start, known frames are left out.

    open_reader: a function that opens a reader, with a `timeout` in seconds. skips: Skips of what
    is left out. stop: a StopRequest, which ends the iteration. reading: a Reading. Within its
    context it has the reader's name, live, sound, rate, count. Raises UserError if it cannot be
    opened or has no frame.
    """

    pictures = False

    def __init__(self, open_reader, skips, stop, reading):
        self.start, self.rest = reading.start, []
        self._open_reader = open_reader
        self._skips, self._stop, self._reading = skips, stop, reading
        self._began = None  # when the first frame came, by time.monotonic()
        self._index, self._seconds = -1, 0.0  # of the newest frame
        self._broken, self._undecodable = None, 0
        self._closed, self._idle = threading.Event(), threading.Event()  # idle: no thread reads
        self._idle.set()

    def __enter__(self):
        reader = next(ahead((self._open_reader() for _ in range(1)), 1, self._stop), None)
        if reader is None:
            self._stop.end_if_requested()
        self._first = self._reader = reader
        self.name, self.live, self.sound = reader.name, reader.live, reader.sound
        self.rate = reader.rate / (self._reading.every if reader.steady else 1)
        self.count = reader.count and -(-reader.count // self._reading.every)
        if self.live and (self.start or self._reading.end is not None):
            self.__exit__()
            raise UserError(f"{self.name}: a live source has no parts; leave out --start and --end")
        return self

    def __exit__(self, *exception):
        self._closed.set()
        if self._idle.wait(timeout=5 * PATIENCE):  # else a thread hangs, and ends with the process
            self._reader.close()
            self._first.close()

    def __iter__(self):
        yield from ahead(self._frames(), FRAMES_AHEAD, self, hand_on_sound if self.live else None)
        if self.requested:
            return
        if self._began is None:
            why = f": {self._broken}" if self._broken else ""
            raise UserError(f"{self.name}: opened, but gives no frame{why}")
        self.rest = self._reader.rest
        if number := self._undecodable:
            self._skips.add("frames that could not be decoded",
                            f"{self.name}: {number:,} frame{'s' * (number > 1)} could not be "
                            "decoded; left out", number)
        if self._broken:
            self._skips.add("videos that break off",
                            f"{self.name}: {self._broken}; what was read is kept")

    @property
    def requested(self):
        """Whether reading is to end, as in a StopRequest."""
        return self._stop.requested or self._closed.is_set()

    @property
    def end(self):
        """The seconds for which a live source was watched until now; None for a file."""
        return time.monotonic() - self._began if self.live and self._began else None

    def _frames(self):
        """Yield each N-th frame with the sound since the one before it."""
        self._idle.clear()
        sound = []
        try:
            for frame in self._all_frames():
                sound += frame.sound
                if frame.index % self._reading.every == 0:
                    frame.sound, sound = sound, []
                    yield frame
        finally:
            self._idle.set()

    def _all_frames(self):
        """Yield the frames of the reader, and of those that replace it when the stream drops."""
        deadline = None
        while True:
            for frame in self._placed(self._reader):
                if deadline is not None:
                    notice(f"{self.name}: is back")
                    deadline = None
                yield frame
            self._undecodable += self._reader.undecodable
            self._broken = self._reader.broken
            if not self._broken or not self._reading.reconnect:
                return
            if deadline is None:
                deadline = time.monotonic() + self._reading.reconnect
                notice(f"{self.name}: drops, {self._broken}; tried again for up to "
                       f"{self._reading.reconnect:g} s")
            if not self._open_again(deadline):
                self._broken = f"did not come back within {self._reading.reconnect:g} s"
                return

    def _placed(self, reader):
        """Yield a reader's frames with their place and time in the whole stream."""
        now = shift = None
        for frame in reader:
            if now is None:
                now = time.monotonic()
                self._began = self._began or now
                shift = max(now - self._began, self._seconds) - frame.seconds
            if self.live:
                frame.index = self._index + 1
                frame.seconds = max(frame.seconds + shift, self._seconds)
                for packet in frame.sound:
                    packet.seconds += shift
            elif frame.seconds < self._seconds or frame.index <= self._index:
                continue
            self._index, self._seconds = frame.index, frame.seconds
            yield frame

    def _open_again(self, deadline):
        """Replace the reader; return whether the stream could be opened before the deadline."""
        while not self._closed.wait(BETWEEN_TRIES) and (left := deadline - time.monotonic()) > 0:
            with suppress(UserError):  # the first reader stays open: outputs still use its sound
                self._reader = self._open_reader(timeout=left)
                return True
        return False


def hand_on_sound(dropped, next_frame):
    next_frame.sound[:0] = dropped.sound
