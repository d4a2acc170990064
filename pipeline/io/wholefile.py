"""Files that a failure does not spoil."""

import os
import re
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError


@contextmanager
def whole_file(path):
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    If the block raises or writes nothing, `path` stays as it was. A killed process may leave
    the temporary file (`.NAME.partial.SUFFIX`); the next writer of `path` overwrites it.
    Raises UserError if the folder is missing or refuses the file, or the disk is full.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with _clear_errors(path):
        try:
            require_folder(path)
            yield partial
            if partial.exists():
                with open(partial, "rb+") as written:
                    os.fsync(written.fileno())
                os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def growing_file(path):
    """Yield `path` open for text that others may read while it grows.

    If the block raises, an earlier file is put back. Raises UserError as whole_file does.
    """
    path = Path(path)
    earlier = path.with_name(f".{path.stem}.earlier{path.suffix}")
    with _clear_errors(path):
        require_folder(path)
        if path.exists():
            os.replace(path, earlier)
        try:
            with open(path, "w", newline="", encoding="utf-8", buffering=1) as file:
                yield file
        except BaseException:
            path.unlink(missing_ok=True)
            if earlier.exists():
                os.replace(earlier, path)
            raise
        earlier.unlink(missing_ok=True)


def require_folder(path):
    """Raise UserError if the folder of a file to be written does not exist."""
    if not Path(path).parent.is_dir():
        raise UserError(f"{path}: cannot be written: no folder {Path(path).parent}; create it")


@contextmanager
def _clear_errors(path):
    try:
        yield
    except (OSError, RuntimeError) as error:
        # HDF5 wraps what the system says, and raises RuntimeError where it closes a file.
        number = re.search(r"errno = (\d+)", str(error))
        if isinstance(error, RuntimeError) and not number:
            raise
        reason = os.strerror(int(number[1])) if number else error.strerror or str(error)
        raise UserError(f"{path}: cannot be written: {reason}") from error
