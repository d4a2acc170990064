"""Frames from pictures: those of files and folders, and one that a program has in memory."""

import os
import warnings

import cv2
import numpy as np
from PIL import Image

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError
from pipeline.files.folder import files_by_name
from pipeline.io import picturefile

EXPECTED = ("expected a path, a Pillow image, or an array (height, width, 3), (height, width, 4) "
            "or (height, width) of uint8, uint16, or floats from 0 to 1")


class PictureSource:
    """Iterates over pictures, and over those of folders and their subfolders but `leave_out`.

    Raises UserError if there is no picture, or a single one cannot be read.
    """

    pictures = True
    live = False

    def __init__(self, paths, skips, leave_out=()):
        found = files_by_name(paths, picturefile.PICTURE_SUFFIXES, "picture", skips, leave_out)
        self.names, self.paths = list(found), list(found.values())
        self.name = str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        self.count = len(self.paths)
        self._is_single = self.paths == [str(paths[0])]
        self._skips = skips

    def __iter__(self):
        for index, (path, name) in enumerate(zip(self.paths, self.names)):
            try:
                image, breaks_off = picturefile.read_picture(path)
            except UserError as error:
                if self._is_single:
                    raise
                self._skips.add("pictures that cannot be read", f"{error}; skipped")
                continue
            if breaks_off:
                self._skips.add("pictures that break off",
                                f"{path}: breaks off; what is there is analysed")
            yield Frame(image, index, 0.0, name)


def picture_in_memory(image, *, bgr):
    """Return the Frame of a path, a PIL.Image or an array; raise UserError for others.

    bgr: whether an array is BGR or BGRA, not RGB or RGBA. Files and PIL.Images come upright.
    """
    if isinstance(image, str | os.PathLike):
        pixels, breaks_off = picturefile.read_picture(image)
        if breaks_off:
            warnings.warn(f"{image}: breaks off; what is there is analysed", stacklevel=4)
    elif isinstance(image, Image.Image):
        try:
            pixels = picturefile.picture_pixels(image)
        except Exception as error:  # Pillow reads the file only now
            raise UserError(f"found {image}, which cannot be read") from error
    elif isinstance(image, np.ndarray):
        pixels = array_pixels(image, bgr)
    else:
        raise UserError(f"found {type(image).__name__}, {EXPECTED}")
    return Frame(pixels, 0, 0.0, "picture")


def array_pixels(image, bgr):
    """Return an array as (height, width, 3) uint8 BGR; raise UserError if it is no picture."""
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,), (4,)) or 0 in image.shape:
        raise UserError(f"found an array of shape {image.shape}, {EXPECTED}")
    if image.dtype == np.uint16:
        image = picturefile.in_8_bits(image)
    elif image.dtype.kind == "f":
        low, high = image.min(), image.max()
        if not (low >= 0 and high <= 1):  # NaN is neither
            raise UserError(f"found floats from {low:g} to {high:g}, expected 0 to 1; give uint8 "
                            "for 0 to 255")
        image = np.rint(image * np.float32(255)).astype(np.uint8)
    elif image.dtype != np.uint8:
        raise UserError(f"found an array of {image.dtype}, {EXPECTED}")
    pixels = np.ascontiguousarray(image)
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if pixels.shape[2] == 4:  # which of its colors is red does not matter yet
        pixels = np.array(picturefile.on_white(Image.fromarray(pixels)).convert("RGB"))
    return pixels if bgr else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
