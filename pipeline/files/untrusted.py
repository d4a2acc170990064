"""Reads files of strangers, which may be damaged or hostile."""

import traceback
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError

# Exceptions of faulty code. Our readers raise ValueError for what is wrong in a file.
FAULTS = (AssertionError, AttributeError, ImportError, LookupError, NameError, TypeError)
OUR_CODE = str(Path(__file__).parent.parent)


@contextmanager
def reading(path, expected):
    """Turn the exceptions of a library that reads a damaged file into one UserError.

    A library's FAULTS, such as h5py's KeyError for a missing array, count as damage. Those of our
    own code are raised as they are.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # libraries promise no particular ones
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        if isinstance(error, FAULTS) and frame.f_code.co_filename.startswith(OUR_CODE):
            raise
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        message = f"damaged, or not {expected} ({reason})"
        if isinstance(error, OSError) and error.errno:
            message = f"cannot be read: {error.strerror}"
        if isinstance(error, BlockingIOError):
            message = "locked by another program; wait until that ends"
        raise UserError(f"{path}: {message}") from error
