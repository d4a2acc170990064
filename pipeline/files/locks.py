"""Keeps two processes from writing to the same file or folder."""

from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import UserError
from pipeline.files.wholefile import beside, place_of


@contextmanager
def locked_folder(path, purpose):
    """Lock a folder during a block; the lock ends with the process, even if it is killed.

    Raises UserError if another process has locked it for the same purpose.
    """
    with _held(path / f".{purpose}.lock", path):
        yield


@contextmanager
def locked_output(path):
    """Lock a file that will be written, or a folder, as locked_folder does; a device is not locked.

    Raises UserError also if the file cannot be written there.
    """
    if path.is_dir():
        with locked_folder(path, "writing"):
            yield
        return
    place = place_of(path)
    with _held(beside(place, f".{place.name}", ".lock"), path) if place else nullcontext():
        yield


@contextmanager
def _held(lock, path):
    file_lock = FileLock(lock, timeout=0)
    try:
        file_lock.acquire()
    except Timeout as error:
        raise UserError(f"{path}: another run writes there already; wait for it, or give another "
                        "name") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # still locked; Windows refuses, and the file stays
            Path(lock).unlink()
        file_lock.release()
