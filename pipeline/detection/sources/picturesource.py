"""Frames from pictures."""

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError
from pipeline.files.folder import files_by_name
from pipeline.io.picturefile import PICTURE_SUFFIXES, read_picture


class PictureSource:
    """Iterates over pictures, and over those of folders and their subfolders by their paths.

    skips: Skips of the pictures that cannot be read or break off. leave_out: folders in the
    folders. Raises UserError if there is no picture, or a single one cannot be read.
    """

    pictures = True
    live = False

    def __init__(self, paths, skips, leave_out=()):
        found = files_by_name(paths, PICTURE_SUFFIXES, "picture", skips, leave_out)
        self.names, self.paths = list(found), list(found.values())
        self.name = str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        self.count = len(self.paths)
        self._is_single = self.paths == [str(paths[0])]
        self._skips = skips

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def __iter__(self):
        for index, (path, name) in enumerate(zip(self.paths, self.names)):
            try:
                image, breaks_off = read_picture(path)
            except UserError as error:
                if self._is_single:
                    raise
                self._skips.add("pictures that cannot be read", f"{error}; skipped")
                continue
            if breaks_off:
                self._skips.add("pictures that break off",
                                f"{path}: breaks off; what is there is analysed")
            yield Frame(image, index, 0.0, name)
