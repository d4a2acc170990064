"""A frame as FFmpeg decodes it."""

from dataclasses import dataclass
from functools import cached_property

import av
import cv2
import numpy as np

# Formats whose first plane is the gray picture, a byte a pixel.
LUMA_FIRST = ("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p", "nv12", "gray")
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
ALWAYS_FULL_RANGE = ("yuvj420p", "yuvj422p", "yuvj444p", "gray")

# From luma of limited range, 16 to 235, to gray, 0 to 255.
FULL_FROM_LIMITED = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


@dataclass
class DecodedFrame:
    """A Frame whose image and gray picture are made when they are first used.

    Both are upright and have square pixels. decoded: an av.VideoFrame. aspect: a pixel's width
    over its height. matrix: the display matrix, as `upright` takes it, or None.
    """

    decoded: av.VideoFrame
    aspect: float
    matrix: np.ndarray | None
    index: int
    seconds: float
    name: str
    sound: list

    @cached_property
    def image(self):
        """(height, width, 3) uint8 BGR."""
        return self._in_true_proportions(self.decoded.to_ndarray(format="bgr24"))

    @cached_property
    def gray(self):
        """(height, width) uint8: the luma plane where there is one, which costs next to nothing."""
        plane = self.decoded.planes[0]
        if self.decoded.format.name not in LUMA_FIRST or plane.line_size < plane.width:
            return cv2.cvtColor(self.image, cv2.COLOR_BGR2GRAY)
        luma = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
        luma = luma[:plane.height, :plane.width]
        if not (self.decoded.color_range == FULL_RANGE
                or self.decoded.format.name in ALWAYS_FULL_RANGE):
            luma = cv2.LUT(luma, FULL_FROM_LIMITED)
        return np.ascontiguousarray(self._in_true_proportions(luma))

    def _in_true_proportions(self, picture):
        """Return a picture with square pixels, turned upright; no side becomes shorter."""
        height, width = picture.shape[:2]
        if self.aspect > 1:
            width = round(width * self.aspect)
        else:
            height = round(height / self.aspect)
        if (height, width) != picture.shape[:2]:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        return picture if self.matrix is None else upright(picture, self.matrix)


def upright(picture, matrix):
    """Return a picture (height, width, ...) turned and mirrored by quarter turns.

    matrix: (9,), FFmpeg's display matrix: a, b, u, c, d, v, ..., by which the pixel at x, y is
    shown at a x + c y, b x + d y.
    """
    a, b, _, c, d = matrix[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[::-1 if d < 0 else 1, ::-1 if a < 0 else 1])
