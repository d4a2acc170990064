"""Writes annotated pictures."""

import cv2

from pipeline.errors import UserError
from pipeline.io.wholefile import whole_file


class AnnotatedPictures:
    """Writes each frame's image to `path`, or under its own name into the folder `path`."""

    def __init__(self, path, folder):
        if folder and not path.is_dir():
            raise UserError(f"{path}: no such folder for the annotated pictures; create it")
        self.path = path
        self._folder = folder

    def write(self, frame, faces):
        """Write the frame's image. Raises UserError if OpenCV cannot."""
        path = self.path / frame.name if self._folder else self.path
        with whole_file(path) as partial:
            try:
                written = cv2.imwrite(str(partial), frame.image)
            except cv2.error:
                written = False
            if not written:
                raise UserError(f"{path}: cannot be written as a picture; expected a suffix such "
                                "as .png or .jpg, and room on the disk")
