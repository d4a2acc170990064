"""A frame as FFmpeg decodes it."""

from functools import cached_property

import cv2
import numpy as np

# Formats whose first plane is the gray picture, a byte a pixel.
LUMA_FIRST = ("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p", "nv12", "gray")
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
ALWAYS_FULL_RANGE = ("yuvj420p", "yuvj422p", "yuvj444p", "gray")

# Luma of limited range, 16 to 235, to gray, 0 to 255.
FULL_FROM_LIMITED = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


class DecodedFrame:
    """A Frame whose image and gray picture are made when they are first asked for.

    Both come upright and with square pixels. decoded: an av.VideoFrame. aspect: a pixel's width
    over its height. matrix: how it is to be shown, as `upright` takes it, or None. The other
    attributes are Frame's.
    """

    def __init__(self, decoded, *, aspect, matrix, index, seconds, name, sound):
        self._decoded = decoded
        self._aspect = aspect
        self._matrix = matrix
        self.index = index
        self.seconds = seconds
        self.name = name
        self.sound = sound

    @cached_property
    def image(self):
        """(height, width, 3) uint8 BGR."""
        return self._in_true_proportions(self._decoded.to_ndarray(format="bgr24"))

    @cached_property
    def gray(self):
        """(height, width) uint8: the luma plane where there is one, which costs next to nothing."""
        plane = self._decoded.planes[0]
        if self._decoded.format.name not in LUMA_FIRST or plane.line_size < plane.width:
            return cv2.cvtColor(self.image, cv2.COLOR_BGR2GRAY)
        luma = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
        luma = luma[:plane.height, :plane.width]
        if not (self._decoded.color_range == FULL_RANGE
                or self._decoded.format.name in ALWAYS_FULL_RANGE):
            luma = cv2.LUT(luma, FULL_FROM_LIMITED)
        return np.ascontiguousarray(self._in_true_proportions(luma))

    def _in_true_proportions(self, picture):
        height, width = picture.shape[:2]
        size = square_pixels(width, height, self._aspect)
        if size != (width, height):
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        return picture if self._matrix is None else upright(picture, self._matrix)


def upright(picture, matrix):
    """Return a picture (height, width, ...) turned and mirrored by quarter turns.

    matrix: (9,), of FFmpeg: a, b, u, c, d, v, ..., by which the pixel at x, y is shown at
    a x + c y, b x + d y.
    """
    a, b, _, c, d = matrix[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[::-1 if d < 0 else 1, ::-1 if a < 0 else 1])


def square_pixels(width, height, aspect):
    """Return the size at which pixels of this aspect are square; no side becomes shorter."""
    if aspect >= 1:
        return round(width * aspect), height
    return width, round(height / aspect)
