"""A frame as FFmpeg decodes it."""

import threading
from dataclasses import dataclass, field
from functools import cached_property

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter

# HDR, and colors beyond those of an ordinary screen, would look dark and pale without conversion.
HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
WIDE_GAMUT = (ColorPrimaries.BT2020, ColorPrimaries.SMPTE431, ColorPrimaries.SMPTE432)
BT709 = {"dst_color_trc": ColorTrc.BT709, "dst_color_primaries": ColorPrimaries.BT709}

# For all frames and threads: the tables of HDR take two seconds to make.
converters = {pixels: (VideoReformatter(), threading.Lock()) for pixels in ("bgr24", "gray")}


@dataclass
class DecodedFrame:
    """A Frame whose image and gray picture are made when first used: upright, with square pixels.

    aspect: a pixel's width over its height. matrix: as `upright` takes it, or None.
    """

    decoded: av.VideoFrame
    aspect: float
    matrix: np.ndarray | None
    seconds: float
    name: str
    index: int = 0
    sound: list = field(default_factory=list)

    @cached_property
    def image(self):
        """(height, width, 3) uint8 BGR."""
        colors = BT709 if self._needs_conversion else {}
        return self._in_true_proportions(converted(self.decoded, "bgr24", **colors))

    @cached_property
    def gray(self):
        """(height, width) uint8."""
        if self._needs_conversion:
            return cv2.cvtColor(self.image, cv2.COLOR_BGR2GRAY)
        return self._in_true_proportions(converted(self.decoded, "gray"))

    @property
    def _needs_conversion(self):
        return self.decoded.color_trc in HDR or self.decoded.color_primaries in WIDE_GAMUT

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


def converted(decoded, pixels, **colors):
    reformatter, lock = converters[pixels]
    with lock:
        return reformatter.reformat(decoded, format=pixels, **colors).to_ndarray()


def upright(picture, matrix):
    """Return a picture (height, width, ...) turned and mirrored by quarter turns.

    matrix: (9,), FFmpeg's display matrix: a, b, u, c, d, v, ..., by which the pixel at x, y is
    shown at a x + c y, b x + d y.
    """
    a, b, _, c, d = matrix[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[::-1 if d < 0 else 1, ::-1 if a < 0 else 1])
