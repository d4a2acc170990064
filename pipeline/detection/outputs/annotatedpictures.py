"""Writes annotated pictures."""

import cv2
from PIL import Image

from pipeline.commandline import new_folder
from pipeline.detection.outputs.resultnames import result_names
from pipeline.errors import UserError
from pipeline.files.wholefile import place_of, whole_file

# The formats that have colors, by the file's suffix.
FORMATS = {".apng": "PNG", ".avif": "AVIF", ".bmp": "BMP", ".dib": "DIB", ".gif": "GIF",
           ".j2k": "JPEG2000", ".jfif": "JPEG", ".jp2": "JPEG2000", ".jpe": "JPEG",
           ".jpeg": "JPEG", ".jpg": "JPEG", ".mpo": "JPEG", ".png": "PNG", ".pnm": "PPM",
           ".ppm": "PPM", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"}

QUALITY = 95  # of 100, where a format loses some


class AnnotatedPictures:
    """Writes each frame's image to `path`, or under its name into the folder `path`.

    names: of all the frames, to come. What cannot be written is left to skips. Raises UserError
    if no picture can be written to `path`.
    """

    def __init__(self, path, names, skips):
        self._skips = skips
        self._paths = copy_paths(path, names)
        if not path.is_dir() and place_of(path) and path.suffix.lower() not in FORMATS:
            raise UserError(f"{path}: no picture is written with this suffix; expected "
                            + ", ".join(FORMATS))

    def write(self, frame, faces):
        """Write the frame's image."""
        path = self._paths[frame.name]
        try:
            new_folder(path.parent)
            write_picture(path, frame.image)
        except UserError as error:
            self._skips.add("pictures that cannot be written", str(error))


def copy_paths(path, names):
    """Return {name: path of its copy}: `path`, or if that is a folder its own name in there.

    The suffix is .png where the picture's own has no format for colors.
    """
    if not path.is_dir():
        return dict.fromkeys(names, path)
    copies = result_names(names, lambda suffix: suffix if suffix in FORMATS else ".png")
    return {name: path / copy for name, copy in copies.items()}


def write_picture(path, image):
    """Write an image (height, width, 3) uint8 BGR in the format of the suffix, whole or not at all.

    Raises UserError if it cannot be written.
    """
    picture = Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    with whole_file(path) as partial:
        try:
            picture.save(partial, format=FORMATS.get(path.suffix.lower(), "PNG"), quality=QUALITY)
        except (KeyError, ValueError) as error:  # too large for the format, or no encoder for it
            raise UserError(f"{path}: cannot be written: {error}") from error
