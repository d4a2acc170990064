"""Finds hard cuts in a video."""

from collections import deque

import cv2
import numpy as np

# Frames are compared as pictures of this size, made of every so-many-th pixel: 0.02 ms.
POINTS = (128, 72)
SIZE = (32, 18)

# A cut changes the picture by at least this much on average, of 255, and by this many times what
# the last frames' motion did. A head that enters a still picture reaches three times. Within
# motion fewer will do where the two pictures are not alike either: their correlation is low.
LEAST_CHANGE = 6
TIMES_MOTION = 5
FEWER_TIMES_MOTION = 2
UNLIKE = 0.2
FRAMES_OF_MOTION = 3
LEAST_MOTION = 1.0  # noise is no measure of motion


class Cuts:
    """Tells at which frames another shot begins."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start afresh: the next frame has nothing to do with the last one."""
        self._shape = self._last = None
        self._motion = deque(maxlen=FRAMES_OF_MOTION)

    def begins_at(self, gray):
        """Return whether another shot begins at the next frame, gray (height, width) uint8."""
        points = cv2.resize(gray, POINTS, interpolation=cv2.INTER_NEAREST)
        small = cv2.resize(points, SIZE, interpolation=cv2.INTER_AREA).astype(np.int16)
        last, self._last = self._last, small
        shape, self._shape = self._shape, gray.shape
        if last is None:
            return False
        change = np.abs(small - last).mean()
        # Of a shot's first two frames no motion is known: only likeness decides.
        times = change / max(*self._motion, LEAST_MOTION) if self._motion else TIMES_MOTION
        cut = shape != gray.shape or (change > LEAST_CHANGE and (
            times > TIMES_MOTION
            or (times > FEWER_TIMES_MOTION and likeness(small, last) < UNLIKE)))
        if cut:
            self._motion.clear()
        else:
            self._motion.append(change)
        return cut


def likeness(first, second):
    """Return the correlation of two pictures, 0 where one has no contrast."""
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first**2).sum() * (second**2).sum())
    return (first * second).sum() / size if size else 0.0
