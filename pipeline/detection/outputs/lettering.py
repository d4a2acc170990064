"""Writes words on images: in OpenCV's letters, and what it has none for in those of DejaVu Sans."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = cv2.FONT_HERSHEY_SIMPLEX
EM = 30  # pixels of DejaVu Sans at scale 1, whose capitals are then as high as OpenCV's

# matplotlib brings the font; it is not imported for that.
DEJAVU = "mpl-data/fonts/ttf/DejaVuSans.ttf"


def text_size(text, scale):
    """Return (width, height) and what is below the line, in pixels, as cv2.getTextSize does."""
    (width, height), baseline = cv2.getTextSize(text, FONT, scale, 1)
    return (width if text.isascii() else _mask(text, scale).shape[1], height), baseline


def write_text(image, text, origin, scale, color):
    """Write text on an image (height, width, 3) uint8; origin: x, y of its line's left end."""
    if text.isascii():
        cv2.putText(image, text, origin, FONT, scale, color, max(1, round(1.5 * scale)),
                    cv2.LINE_AA)
        return
    mask = _mask(text, scale)
    left, top = origin[0], origin[1] - mask.shape[0] * 3 // 4
    mask = mask[max(0, -top):max(0, image.shape[0] - top), max(0, -left):]
    place = image[max(0, top):, max(0, left):][:mask.shape[0], :mask.shape[1]]
    mask = mask[:, :place.shape[1], np.newaxis]
    place[:] = np.rint(place * (1 - mask) + np.array(color) * mask)


@lru_cache(maxsize=512)
def _mask(text, scale):
    """Return how much of each pixel text covers, (height, width) float32 in 0-1.

    Its line is at three quarters of the height.
    """
    size = max(1, round(EM * scale))
    font = ImageFont.truetype(Path(find_spec("matplotlib").origin).parent / DEJAVU, size)
    canvas = Image.new("L", (max(1, round(font.getlength(text))), 4 * (size // 3 + 1)))
    ImageDraw.Draw(canvas).text((0, canvas.height * 3 // 4), text, fill=255, font=font, anchor="ls")
    return np.asarray(canvas, dtype=np.float32) / 255
