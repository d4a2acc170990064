"""Files that a failure does not spoil.

A symbolic link is written through. What is no file, such as /dev/null or a pipe, is written to and
never replaced.
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

# Names of what is open already, also where that is a file.
OPEN_FILES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")

LONGEST_NAME = 255  # bytes, on all common file systems


@contextmanager
def whole_file(path, together=None):
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    If the block raises or writes nothing, `path` stays as it was. A killed process may leave
    the temporary file (`.NAME.partial.SUFFIX`); the next writer of `path` overwrites it.
    together: the list of a replaced_together, which the file then waits for.
    Raises UserError if the folder is missing or refuses the file, or the disk is full.
    """
    with clear_errors(path):
        place = place_of(path)
        if place is None:
            yield Path(path)
            return
        partial = partial_of(place)
        try:
            yield partial
            if together is None:
                put(partial, place)
            else:
                flush_to_disk(partial)
                together.append(Path(path))
        finally:
            if together is None or Path(path) not in together:
                partial.unlink(missing_ok=True)


def partial_of(place):
    """Return the temporary path beside a place."""
    return beside(place, f".{place.stem}", f".partial{place.suffix}")


def reserve(path, size):
    """Make room for `size` bytes in a file, there or not yet; raise OSError if there is none.

    HDF5 does not survive that a write fails, so nothing is left to fail.
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
    """Yield a path beside `path` for a file that takes its place in whatever way the block ends.

    Others may read it while it grows. If nothing is written, `path` stays as it was. A killed
    process leaves it (`NAME.partial.SUFFIX`), and no later one touches it. Raises UserError as
    whole_file does.
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
    """Return where a file to be written lies, links followed, or None for a device or a pipe.

    Raises UserError if it cannot lie there: its folder is missing, or it is one itself, or
    write-protected.
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
    """Return the path beside `place` whose name is start and end; start is cut where it is long."""
    if len(os.fsencode(start + end)) > LONGEST_NAME:
        digest = f".{zlib.crc32(os.fsencode(start)):08x}"
        room = LONGEST_NAME - len(os.fsencode(digest + end))
        start = os.fsencode(start)[:room].decode("utf-8", "ignore") + digest
    return place.with_name(start + end)


def _new_file(place):
    """Create NAME.partial.SUFFIX, or NAME.partial2.SUFFIX if a killed one has left rows."""
    for number in count(1):
        end = f".partial{number if number > 1 else ''}{place.suffix}"
        path = beside(place, place.stem, end)
        if not os.path.lexists(path) or (path.is_file() and path.stat().st_size == 0):
            path.touch()
            return path


def put(partial, place):
    """Let a file that is written take its place, if it is there, with the earlier one's rights."""
    if not partial.exists():
        return
    flush_to_disk(partial)
    if place.exists():
        shutil.copymode(place, partial)
    os.replace(partial, place)


def flush_to_disk(path):
    with open(path, "rb+") as written:
        os.fsync(written.fileno())


@contextmanager
def clear_errors(path):
    """Turn what the system says while `path` is written into one UserError."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        # HDF5 wraps what the system says, and raises RuntimeError where it closes a file.
        number = re.search(r"errno = (\d+)", str(error))
        if isinstance(error, RuntimeError) and not number:
            raise
        reason = os.strerror(int(number[1])) if number else error.strerror or str(error)
        raise UserError(f"{path}: cannot be written: {reason}") from error
