"""Files that are written whole or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError


@contextmanager
def whole_file(path):
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    If the block raises, `path` stays as it was. A killed process may leave the temporary file
    (`.NAME.partial.SUFFIX`); the next writer of `path` overwrites it. Raises UserError if the
    folder is missing or refuses the file, or the disk is full.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        yield partial
        with open(partial, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be written: {reason}") from error
    finally:
        partial.unlink(missing_ok=True)
