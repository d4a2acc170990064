"""Opens a stream again when it drops."""

import time

from pipeline.detection.sources.videoreader import TIMEOUT
from pipeline.errors import UserError
from pipeline.terminal import notice

BETWEEN_TRIES = 0.5  # seconds


class ReconnectingReader:
    """Iterates over the Frames of a reader, and of readers that replace it when the stream drops.

    A live stream begins at 0 seconds; after a gap its numbers go on, and its seconds by the clock
    of this machine. Of a file that comes again from its start, known frames are left out.

    open_reader: a function of the seconds that opening may take. reconnect: seconds of trying.
    closed: an Event that ends the tries. The attributes are VideoReader's.
    """

    def __init__(self, open_reader, reconnect, closed):
        self._open_reader, self._reconnect, self._closed = open_reader, reconnect, closed
        self._first = self._reader = first = open_reader(timeout=TIMEOUT)
        self.name, self.live, self.sound = first.name, first.live, first.sound
        self.rate, self.steady, self.count = first.rate, first.steady, first.count
        self.rest, self.broken, self.undecodable = [], None, 0
        self._began = None  # when the first frame came
        self._index, self._seconds = -1, 0.0  # of the newest frame

    def close(self):
        """Close what is open, once no thread reads any more."""
        self._reader.close()
        self._first.close()

    def __iter__(self):
        deadline = None
        while True:
            for frame in self._frames():
                if deadline is not None:
                    notice(f"{self.name}: is back")
                    deadline = None
                yield frame
            self.undecodable += self._reader.undecodable
            self.rest, self.broken = self._reader.rest, self._reader.broken
            if not self.broken or not self._reconnect:
                return
            if deadline is None:
                deadline = time.monotonic() + self._reconnect
                notice(f"{self.name}: drops, {self.broken}; tried again for up to "
                       f"{self._reconnect:g} s")
            if not self._open_again(deadline):
                self.broken = f"did not come back within {self._reconnect:g} s"
                return

    def _frames(self):
        """Yield the newest reader's frames, with their place and time in the whole stream."""
        shift = None
        for frame in self._reader:
            if self.live:
                if shift is None:
                    now = time.monotonic()
                    self._began = self._began or now
                    shift = max(now - self._began, self._seconds) - frame.seconds
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
            try:  # the first reader stays open: outputs still use its sound
                self._reader = self._open_reader(timeout=min(left, TIMEOUT))
                return True
            except UserError:
                pass
        return False
