"""Keeps two processes from writing to one folder."""

import os
from contextlib import contextmanager

from pipeline.errors import UserError

try:
    import fcntl
except ImportError:  # Windows has no such locks; there two writers are the user's to avoid
    fcntl = None


@contextmanager
def locked_folder(path, purpose):
    """Hold a folder for writing for the time of a block; a killed process lets go of it.

    Raises UserError, with the number of the process that holds it, if another one does.
    """
    if fcntl is None:
        yield
        return
    with open(path / f".{purpose}.lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise UserError(f"{path}: process {file.read().strip()} writes there already; wait "
                            "for it, or give another folder") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
