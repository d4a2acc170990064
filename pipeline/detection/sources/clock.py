"""The times of a file's or stream's frames."""

# Sound may begin this much before the picture for its decoder's sake, seconds.
LONGEST_LEAD = 0.15

# A time that goes back further than this, seconds, begins a new clock, and one that leaps further
# ahead is a mistake.
LARGEST_SLIP, LARGEST_GAP = 1, 86_400


class Clock:
    """Turns a file's times into seconds from its start.

    first, picture: the file's times at which it and its first picture begin, None where the file
    does not say. step: how long a frame lasts, nominal. seconds: of the newest frame, or None.
    """

    def __init__(self, first, picture, step):
        self.seconds = None
        self._step = step
        self._zero = _start(first or 0.0, picture)

    def since_start(self, time):
        """Return the seconds from the start to one of the file's times."""
        return time - self._zero

    def show(self, time):
        """Return the seconds at which the next frame is shown, by the time that it has, or None.

        A frame without a time comes one step after the frame before. So does one whose time goes
        back or leaps, and the clock goes on from there.
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


def _start(first, picture):
    """Return the file's time at which its seconds are 0."""
    if picture is None:
        return first
    return max(first, 0.0) if LONGEST_LEAD <= picture - first <= LARGEST_GAP else picture
