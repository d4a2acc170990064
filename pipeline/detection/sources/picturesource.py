"""Frames from pictures."""

from pathlib import Path

import cv2

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError

PICTURE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


class PictureSource:
    """Iterates over one picture, or the pictures of a folder in the order of their names.

    Gray, 16-bit and transparent pictures come as 8-bit BGR, turned upright. Raises UserError
    if there is none or one cannot be read.
    """

    pictures = True
    live = False

    def __init__(self, path):
        path = Path(path)
        self.name = str(path)
        self.is_folder = path.is_dir()
        self._paths = [path] if not self.is_folder else sorted(
            file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES)
        if not self._paths:
            raise UserError(f"{path}: no picture in this folder; expected "
                            + ", ".join(PICTURE_SUFFIXES))
        self.count = len(self._paths)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def __iter__(self):
        for index, path in enumerate(self._paths):
            yield Frame(read_picture(path), index, 0.0, path.name)


def read_picture(path):
    """Return a picture as (height, width, 3) uint8 BGR. Raises UserError if it is none."""
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise UserError(f"{path}: cannot be read as a picture")
    return image
