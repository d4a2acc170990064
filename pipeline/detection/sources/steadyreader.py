"""Reads on when a stream drops."""

import time

from pipeline.detection.sources.opening import TIMEOUT
from pipeline.errors import UserError
from pipeline.terminal import notice

BETWEEN_TRIES = 0.5  # seconds


class SteadyReader:
    """Iterates over the Frames of a reader, and of those that take its place when it drops.

    Frames of a live reader are numbered on, and their seconds are when they arrived, from the
    first one. Of a file that comes again from its start, those that were there are left out.
    open_reader: a function of the seconds that opening may take. reconnect: for how many seconds
    one that drops is opened again. stopping: an Event that ends the trying.

    live, rate, steady, count and sound are the first reader's, rest and broken the last one's;
    undecodable is of all. began and ended: when the first frame came and the last reader ended,
    by time.monotonic().
    """

    def __init__(self, open_reader, *, reconnect, stopping):
        self._open_reader = open_reader
        self._reconnect = reconnect
        self._stopping = stopping
        self._first = self._reader = open_reader(timeout=TIMEOUT)
        self.name, self.live = self._first.name, self._first.live
        self.rate, self.steady = self._first.rate, self._first.steady
        self.count, self.sound = self._first.count, self._first.sound
        self.began = self.ended = None
        self.undecodable = 0
        self._gave_up = False
        self._index = -1
        self._seconds = -1.0  # of the newest frame

    @property
    def broken(self):
        """Why reading ended before the video did, or None."""
        if self._gave_up:
            return f"did not come back within {self._reconnect:g} s"
        return self._reader.broken

    @property
    def rest(self):
        return self._reader.rest

    def close(self):
        """Close what is open, once nobody reads any more."""
        self._reader.close()
        self._first.close()

    def __iter__(self):
        deadline = None
        while True:
            for frame in self._placed(self._reader):
                if deadline is not None:
                    notice(f"{self.name}: is back")
                    deadline = None
                yield frame
            self.ended = time.monotonic()
            self.undecodable += self._reader.undecodable
            if not self.broken or not self._reconnect or self._stopping.is_set():
                return
            if deadline is None:
                deadline = self.ended + self._reconnect
                notice(f"{self.name}: drops, {self.broken}; is opened again, for up to "
                       f"{self._reconnect:g} s")
            if not self._open_again(deadline):
                self._gave_up = True
                return

    def _placed(self, reader):
        """Yield a reader's frames at their place and time among those of all."""
        shift = None
        for frame in reader:
            if self.live:
                now = time.monotonic()
                self.began = self.began or now
                shift = now - self.began - frame.seconds if shift is None else shift
                for packet in frame.sound:
                    packet.seconds += shift
                frame.seconds = now - self.began
                frame.index = self._index + 1
            elif frame.seconds < self._seconds or frame.index <= self._index:
                continue
            self._index, self._seconds = frame.index, frame.seconds
            yield frame

    def _open_again(self, deadline):
        """Put a new reader in the place of the one that dropped; return whether one was had."""
        while not self._stopping.wait(BETWEEN_TRIES):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                reader = self._open_reader(timeout=min(left, TIMEOUT))
            except UserError:
                continue
            if self._reader is not self._first:  # whose sound is a pattern for what is written
                self._reader.close()
            self._reader = reader
            return True
        return False
