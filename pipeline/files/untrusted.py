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

    FAULTS of our own code are let through. Those of a library, such as the KeyError of h5py for a
    missing array, count as damage.
    """
    try:
        yield
    except UserError:
        raise
    except BlockingIOError as error:
        raise UserError(f"{path}: locked by another program; wait until that ends") from error
    except FAULTS as error:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(OUR_CODE):
            raise
        raise _damaged(path, expected, error) from error
    except Exception as error:  # libraries promise no particular ones
        if isinstance(error, OSError) and error.errno:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error
        raise _damaged(path, expected, error) from error


def _damaged(path, expected, error):
    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
    return UserError(f"{path}: damaged, or not {expected} ({reason})")
