"""Refuses outputs that would overwrite an input or another output, or that another run writes."""

import os
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import UserError
from pipeline.files.wholefile import beside, clear_errors, place_of


def require_apart(inputs, outputs):
    """Raise UserError if an output is an input or another output; devices and pipes may be."""
    known = {identity_of(path): f"{path}, which is read" for path in inputs}
    for path in outputs:
        identity = identity_of(path)
        if identity and identity in known:
            raise UserError(f"{path}: the same as {known[identity]}; give another name for what "
                            "is written")
        known[identity] = f"{path}, which is written too"


def identity_of(path):
    """Return an identity that a path shares with its links; None for a device or a pipe."""
    if os.path.isfile(path) or os.path.isdir(path):
        return os.stat(path).st_dev, os.stat(path).st_ino
    return None if os.path.exists(path) else os.path.normcase(os.path.realpath(path))


def locked_output(path):
    """Return a context that locks a file to be written, or a folder, as locked_folder does."""
    if path.is_dir():
        return locked_folder(path, "writing")
    place = place_of(path)
    return _locked(beside(place, f".{place.name}", ".lock"), path) if place else nullcontext()


def locked_folder(path, purpose):
    """Return a context that locks a folder; raises UserError if another process has locked it."""
    return _locked(path / f".{purpose}.lock", path)


@contextmanager
def _locked(lock, path):
    file_lock = FileLock(lock, timeout=0)
    with clear_errors(path):
        try:
            file_lock.acquire()
        except Timeout as error:
            raise UserError(f"{path}: another run writes there already; wait for it, or give "
                            "another name") from error
    try:
        yield
    finally:
        with suppress(OSError):  # still locked; Windows refuses, and the file stays
            Path(lock).unlink()
        file_lock.release()
