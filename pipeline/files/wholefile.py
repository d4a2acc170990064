"""Writes files whole or not at all.

A symbolic link is followed. A device or a pipe, such as /dev/null, is written to directly.
"""

import errno
import os
import re
import shutil
import zlib
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from pipeline.errors import UserError

# Names of open streams, which may lead to a file.
OPEN_FILES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")

LONGEST_NAME = 255  # bytes, on all common file systems


@contextmanager
def whole_file(path):
    """Yield a temporary path beside `path`, which replaces `path` when the block ends well.

    If the block raises or writes nothing, `path` stays as it was. A killed process may leave the
    temporary file (`.NAME.partial.SUFFIX`); the next writer of `path` overwrites it. Raises
    UserError if the folder is missing or refuses the file, or the disk is full.
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
    """Reserve `size` bytes on the disk for a file; raise OSError if there is no room.

    A write that fails crashes HDF5, so the room is taken before HDF5 writes.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with open(path, "ab") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # not on this file system
                raise


@contextmanager
def growing_file(path):
    """Yield a path beside `path`, which replaces `path` however the block ends.

    Other programs may read the file while it grows. If nothing is written, `path` stays as it
    was. A killed process leaves `NAME.partial.SUFFIX`, and later ones take another name. Raises
    UserError as whole_file does.
    """
    with clear_errors(path):
        place = place_of(path)
        partial = place and _new_file(place)
    if place is None:
        yield Path(path)
        return
    try:
        yield partial
    finally:
        with clear_errors(path):
            if partial.stat().st_size:
                put(partial, place)
            else:
                partial.unlink()


def place_of(path):
    """Return the path of a file to be written, with links resolved; None for a device or a pipe.

    Raises UserError if its folder is missing, or it is a folder itself, or write-protected.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        return None
    if os.path.abspath(path).startswith(OPEN_FILES):
        return None
    require_folder(path)
    place = Path(os.path.realpath(path))
    require_folder(place)
    if place.is_dir():
        raise UserError(f"{path}: a folder, expected a file's name")
    if place.exists() and not os.access(place, os.W_OK):
        raise UserError(f"{path}: is write-protected; give another name")
    return place


def require_folder(path):
    """Raise UserError if the folder of a file to be written does not exist."""
    if not Path(path).parent.is_dir():
        raise UserError(f"{path}: cannot be written: no folder {Path(path).parent}; create it")


def beside(place, start, end):
    """Return a path beside `place` named start + end; a digest replaces the end of a long start."""
    if len(os.fsencode(start + end)) > LONGEST_NAME:
        digest = f".{zlib.crc32(os.fsencode(start)):08x}"
        room = LONGEST_NAME - len(os.fsencode(digest + end))
        start = os.fsencode(start)[:room].decode("utf-8", "ignore") + digest
    return place.with_name(start + end)


def _new_file(place):
    """Create NAME.partial.SUFFIX, or NAME.partial2.SUFFIX if a killed process left the first."""
    for number in count(1):
        end = f".partial{number if number > 1 else ''}{place.suffix}"
        path = beside(place, place.stem, end)
        if not os.path.lexists(path) or (path.is_file() and path.stat().st_size == 0):
            path.touch()
            return path


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
