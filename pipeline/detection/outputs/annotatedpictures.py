"""Writes annotated pictures."""

import cv2
from PIL import Image

from pipeline.commandline import new_folder
from pipeline.detection.outputs.formats import PICTURE_FORMATS, copy_paths, require_suffix
from pipeline.errors import UserError
from pipeline.files.wholefile import whole_file

QUALITY = 95  # of 100, in the formats that lose some


class AnnotatedPictures:
    """Writes each frame's image to `path`, or under its name into the folder `path`.

    names: of all frames. Raises UserError if `path` has no suffix of a picture.
    """

    def __init__(self, path, names, skips):
        if not path.is_dir():
            require_suffix(path, PICTURE_FORMATS, "picture")
        self._paths, self._skips = copy_paths(path, names), skips

    def write(self, frame, faces):
        """Write the frame's image, or count it in the Skips."""
        path = self._paths[frame.name]
        picture = Image.fromarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB))
        file_format = PICTURE_FORMATS.get(path.suffix.lower(), "PNG")
        try:
            new_folder(path.parent)
            with whole_file(path) as partial:
                picture.save(partial, format=file_format, quality=QUALITY)
        except UserError as error:
            self._skips.add("pictures that cannot be written", str(error))
        except (KeyError, ValueError) as error:  # too large for the format, or it has no encoder
            self._skips.add("pictures that cannot be written",
                            f"{path}: cannot be written: {error}")
