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
    lock = path / f".{purpose}.lock"
    with _opened_and_locked(lock) as file:
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _opened_and_locked(lock):
    """Return the open file of a lock that this process holds."""
    while True:
        file = open(lock, "a+")  # noqa: SIM115  (it stays open for as long as the lock is held)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise UserError(f"{lock.parent}: process {file.read().strip()} writes there already; "
                            "wait for it, or give another folder") from error
        # Another process may have let go of the file, and removed it, since it was opened.
        if lock.exists() and os.path.samestat(os.stat(lock), os.fstat(file.fileno())):
            file.truncate(0)
            return file
        file.close()
