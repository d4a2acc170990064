"""Writes files whole or not at all.

A symbolic link is followed. A device or a pipe, such as /dev/null, is written to directly.
"""

import errno
import os
import re
import shutil
import zlib
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError

OPEN_FILES = ("/dev/stdout", "/dev/stderr", "/dev/fd/")  # which may lead to a file
LONGEST_NAME = 255  # bytes, on all common file systems


@contextmanager
def whole_file(path):
    """Yield `.NAME.partial.SUFFIX` beside `path`, which replaces `path` when the block ends well.

    If the block raises or writes nothing, `path` stays as it was. Raises UserError if the folder
    is missing or refuses the file, or the disk is full.
    """
    with clear_errors(path):
        place = place_of(path)
        if place is None:
            yield Path(path)
            return
        partial = beside(place, f".{place.stem}", f".partial{place.suffix}")
        try:
            yield partial
            put(partial, place)
        finally:
            partial.unlink(missing_ok=True)


def reserve(path, size):
    """Reserve bytes on the disk for HDF5, which a full disk crashes; raise OSError without room."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        with open(path, "ab") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # not on this file system
            raise


@contextmanager
def growing_file(path):
    """Yield `NAME.partial.SUFFIX` beside `path`, which replaces `path` however the block ends.

    If nothing is written, `path` stays as it was. Raises UserError as whole_file does.
    """
    with clear_errors(path):
        place = place_of(path)
        partial = place and beside(place, place.stem, f".partial{place.suffix}")
        if partial:
            partial.touch()
    try:
        yield partial or Path(path)
    finally:
        with clear_errors(path):
            if partial and partial.stat().st_size:
                put(partial, place)
            elif partial:
                partial.unlink()


def place_of(path):
    """Return the path of a file to be written, with links resolved; None for a device or a pipe.

    Raises UserError if its folder is missing, or it is a folder or write-protected.
    """
    path = Path(path)
    is_special = path.exists() and not path.is_file() and not path.is_dir()
    if is_special or os.path.abspath(path).startswith(OPEN_FILES):
        return None
    place = Path(os.path.realpath(path))
    for folder in (path.parent, place.parent):
        if not folder.is_dir():
            raise UserError(f"{path}: cannot be written: no folder {folder}; create it")
    if place.is_dir():
        raise UserError(f"{path}: a folder, expected a file's name")
    if place.exists() and not os.access(place, os.W_OK):
        raise UserError(f"{path}: is write-protected; give another name")
    return place


def beside(place, start, end):
    """Return a path beside `place` named start + end; a checksum replaces a start that is long."""
    if len(os.fsencode(start + end)) > LONGEST_NAME:
        start = f".{zlib.crc32(os.fsencode(start)):08x}"
    return place.with_name(start + end)


def put(partial, place):
    """Flush a file to the disk and let it replace `place`, whose access rights it takes over."""
    if not partial.exists():
        return
    with open(partial, "rb+") as written:
        os.fsync(written.fileno())
    if place.exists():
        shutil.copymode(place, partial)
    os.replace(partial, place)


@contextmanager
def clear_errors(path):
    """Turn an error of the system while `path` is written into a UserError."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        # HDF5 has the number in its message, and raises RuntimeError when it closes a file.
        number = re.search(r"errno = (\d+)", str(error))
        if isinstance(error, RuntimeError) and not number:
            raise
        reason = os.strerror(int(number[1])) if number else error.strerror or str(error)
        raise UserError(f"{path}: cannot be written: {reason}") from error
