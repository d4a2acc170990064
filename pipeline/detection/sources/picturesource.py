"""Frames from pictures."""

from pathlib import Path

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError
from pipeline.files.folder import files_below
from pipeline.io.picturefile import PICTURE_SUFFIXES, read_picture


class PictureSource:
    """Iterates over one picture, or those of a folder and its subfolders by their paths.

    A picture of a folder that cannot be read is left to skips, and one that breaks off is
    named there. leave_out: folders in the folder. Raises UserError if there is no picture.
    """

    pictures = True
    live = False

    def __init__(self, path, skips, leave_out=()):
        path = Path(path)
        self.name = str(path)
        self.is_folder = path.is_dir()
        self._skips = skips
        self.paths = [path] if not self.is_folder else files_below(
            path, PICTURE_SUFFIXES, skips, leave_out)
        folder = path if self.is_folder else path.parent
        self.names = [file.relative_to(folder).as_posix() for file in self.paths]
        if not self.paths:
            raise UserError(f"{path}: no picture in this folder; expected "
                            + ", ".join(PICTURE_SUFFIXES))
        self.count = len(self.paths)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def __iter__(self):
        for index, (path, name) in enumerate(zip(self.paths, self.names)):
            try:
                image, breaks_off = read_picture(path)
            except UserError as error:
                if not self.is_folder:
                    raise
                self._skips.add("pictures that cannot be read", f"{error}; skipped")
                continue
            if breaks_off:
                self._skips.add("pictures that break off",
                                f"{path}: breaks off; what is there is analysed")
            yield Frame(image, index, 0.0, name)
