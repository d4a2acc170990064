"""Writes annotated pictures."""

from collections import Counter
from pathlib import PurePath

import cv2
from PIL import Image

from pipeline.commandline import new_folder
from pipeline.errors import UserError
from pipeline.io.wholefile import require_folder, whole_file

# The formats that have colors, by the file's suffix.
FORMATS = {".apng": "PNG", ".avif": "AVIF", ".bmp": "BMP", ".dib": "DIB", ".gif": "GIF",
           ".j2k": "JPEG2000", ".jfif": "JPEG", ".jp2": "JPEG2000", ".jpe": "JPEG",
           ".jpeg": "JPEG", ".jpg": "JPEG", ".mpo": "JPEG", ".png": "PNG", ".pnm": "PPM",
           ".ppm": "PPM", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"}

QUALITY = 95  # of 100, where a format loses some


class AnnotatedPictures:
    """Writes each frame's image to `path`, or, of a folder, under its name into the folder `path`.

    What cannot be written is left to skips.
    """

    def __init__(self, path, source, skips):
        self._skips = skips
        self._path = path
        self._copies = None
        if source.is_folder or path.is_dir():
            new_folder(path)
            self._copies = copy_names(source.names)
        else:
            require_folder(path)
            if path.suffix.lower() not in FORMATS:
                raise UserError(f"{path}: no pictures are written with this suffix; expected "
                                + ", ".join(FORMATS))

    def write(self, frame, faces):
        """Write the frame's image."""
        path = self._path / self._copies[frame.name] if self._copies else self._path
        try:
            new_folder(path.parent)
            write_picture(path, frame.image)
        except UserError as error:
            self._skips.add("pictures that cannot be written", str(error))


def copy_names(names):
    """Return {name: name of its copy}: the same, or with .png where it has no format for colors."""
    stems = Counter(PurePath(name).with_suffix("") for name in names)
    copies = {}
    for name in names:
        path = PurePath(name)
        if path.suffix.lower() not in FORMATS:
            alone = stems[path.with_suffix("")] == 1
            path = path.with_suffix(".png") if alone else path.with_name(path.name + ".png")
        copies[name] = path
    return copies


def write_picture(path, image):
    """Write an image (height, width, 3) uint8 BGR in the format of the suffix, whole or not at all.

    Raises UserError if it cannot be written.
    """
    picture = Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    with whole_file(path) as partial:
        try:
            picture.save(partial, format=FORMATS[path.suffix.lower()], quality=QUALITY)
        except (KeyError, ValueError) as error:  # too large for the format, or no encoder for it
            raise UserError(f"{path}: cannot be written: {error}") from error
