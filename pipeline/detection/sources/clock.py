"""The clock of a file or stream."""

# By this much sound may begin before the picture for its decoder's sake, seconds.
LONGEST_LEAD = 0.15

# A time that is further back than this, seconds, is of a clock that starts again, and one that is
# further ahead is a mistake.
LARGEST_SLIP, LARGEST_GAP = 1, 86_400


class Clock:
    """Tells by a file's times how many seconds after its start they are.

    first, picture: the file's times of all that is in it and of its first picture, None where it
    does not say. step: how long a frame lasts, nominal. seconds: of the newest frame, or None.
    """

    def __init__(self, first, picture, step):
        self.seconds = None
        self._step = step
        self._zero = self._start(first or 0.0, picture)

    def since_start(self, time):
        """Return the seconds from the start to one of the file's times."""
        return time - self._zero

    def show(self, time):
        """Return the seconds at which the next frame is shown, by the time that it has, or None.

        Without one, it is a step after the frame before; where the clock starts again in the
        middle, or leaps, it goes on from there.
        """
        last = self.seconds
        if last is None:
            self.seconds = 0.0 if time is None else max(time - self._zero, 0.0)
        elif time is None:
            self.seconds = last + self._step
        else:
            if not -LARGEST_SLIP <= time - self._zero - last <= LARGEST_GAP:
                self._zero = time - last - self._step
            self.seconds = max(time - self._zero, last)
        return self.seconds

    @staticmethod
    def _start(first, picture):
        """Return the file's time at which its clock is to be 0."""
        if picture is None:
            return first
        return max(first, 0.0) if LONGEST_LEAD <= picture - first <= LARGEST_GAP else picture
