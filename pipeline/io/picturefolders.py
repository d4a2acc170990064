"""Finds the pictures of a data set, in folders named by classes."""

from pathlib import Path
from typing import NamedTuple

from pipeline.errors import UserError
from pipeline.files.folder import files_below
from pipeline.io.picturefile import PICTURE_SUFFIXES

LAYOUT = "train/CLASS/picture.jpg, with or without test and val, or CLASS/picture.jpg"

# A folder that macOS adds to archives.
LEFT_OVER = "__MACOSX"


class ClassPicture(NamedTuple):
    """A picture of a data set: its path, the name of its folder, and its split or None."""

    path: Path
    folder: str
    split: str | None


def find_pictures(folder, split_names, skips):
    """Return the ClassPictures of a folder, in the order of their paths.

    The folder contains folders of classes, or folders of splits that contain them. split_names:
    {name of a folder, in small letters: split}. Files that are no pictures are counted in skips.
    Raises UserError if the layout is another, a class has no picture, or there is none at all.
    """
    folder = Path(folder)
    inner = _folders(folder)
    splits = {path: split_names[path.name.lower()] for path in inner
              if path.name.lower() in split_names}
    for path in inner:
        if splits and path not in splits:
            raise UserError(f"{path}: a folder beside {next(iter(splits)).name}, "
                            f"expected {LAYOUT}")
    places = splits or {folder: None}
    pictures = [picture for path, split in places.items()
                for picture in _of_classes(path, split, skips)]
    outside = {path: _pictures_in(path) for path in places}
    if not pictures:
        found = sum(outside.values())
        raise UserError(f"{folder}: no picture in folders of classes, expected {LAYOUT}"
                        + (f"; found {found:,} outside of such folders" if found else ""))
    for path, number in outside.items():
        if number:
            skips.add("pictures outside the folders of classes",
                      f"{path}: {number:,} pictures outside the folders of classes; skipped",
                      number)
    return pictures


def _of_classes(folder, split, skips):
    """Yield the pictures in the folders of classes of a folder."""
    for path in _folders(folder):
        for nested in _folders(path):
            raise UserError(f"{nested}: a folder in that of a class, expected "
                            f"pictures alone; --images takes the folder that has {LAYOUT}")
        files = files_below(path, PICTURE_SUFFIXES, skips)
        if not files:
            raise UserError(f"{path}: no picture of this class, expected some; "
                            "remove the folder if the class is not meant")
        yield from (ClassPicture(file, path.name, split) for file in files)


def _pictures_in(folder):
    return sum(path.suffix.lower() in PICTURE_SUFFIXES for path in folder.iterdir()
               if path.is_file() and not path.name.startswith("."))


def _folders(folder):
    try:
        return sorted(path for path in folder.iterdir()
                      if path.is_dir() and not path.name.startswith((".", LEFT_OVER)))
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {error.strerror}") from error
