"""A picture that a Python program has in memory, or names by its path."""

import os
import warnings
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from PIL import Image

from pipeline.errors import UserError
from pipeline.io.picturefile import in_8_bits, on_white, picture_pixels, read_picture

EXPECTED = ("expected a path, a Pillow image, or an array (height, width, 3), (height, width, 4) "
            "or (height, width) of uint8, uint16, or floats from 0 to 1")


@dataclass
class PictureInMemory:
    """A Frame of pixels (height, width, 3) uint8, which are BGR if `bgr`, else RGB."""

    pixels: np.ndarray
    bgr: bool
    index: int = 0
    seconds: float = 0.0
    name: str = "picture"

    @cached_property
    def image(self):
        return self.pixels if self.bgr else cv2.cvtColor(self.pixels, cv2.COLOR_RGB2BGR)

    @cached_property
    def gray(self):
        return cv2.cvtColor(self.pixels, cv2.COLOR_BGR2GRAY if self.bgr else cv2.COLOR_RGB2GRAY)


def picture_in_memory(image, *, bgr):
    """Return the PictureInMemory of a path, a PIL.Image or an array; raise UserError for others.

    bgr: whether an array is BGR or BGRA, not RGB or RGBA. Files and PIL.Images come upright.
    """
    if isinstance(image, str | os.PathLike):
        pixels, breaks_off = read_picture(image)
        if breaks_off:
            warnings.warn(f"{image}: breaks off; what is there is analysed", stacklevel=4)
        return PictureInMemory(pixels, bgr=True)
    if isinstance(image, Image.Image):
        try:
            return PictureInMemory(picture_pixels(image), bgr=True)
        except Exception as error:  # Pillow reads the file only now
            raise UserError(f"found {image}, which cannot be read") from error
    if not isinstance(image, np.ndarray):
        raise UserError(f"found {type(image).__name__}, {EXPECTED}")
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,), (4,)) or 0 in image.shape:
        raise UserError(f"found an array of shape {image.shape}, {EXPECTED}")
    pixels = np.ascontiguousarray(eight_bits(image))
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    elif pixels.shape[2] == 4:
        visible = on_white(Image.fromarray(pixels))  # which of its colors is red does not matter
        pixels = np.array(visible.convert("RGB"))
    return PictureInMemory(pixels, bgr)


def eight_bits(image):
    """Return an array of uint8, uint16 or floats in 0-1 as uint8; raise UserError for others."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return in_8_bits(image)
    if image.dtype.kind != "f":
        raise UserError(f"found an array of {image.dtype}, {EXPECTED}")
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= 1):  # NaN is neither
        raise UserError(f"found floats from {low:g} to {high:g}, expected 0 to 1; give uint8 for 0 "
                        "to 255")
    return np.rint(image * np.float32(255)).astype(np.uint8)
