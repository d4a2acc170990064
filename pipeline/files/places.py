"""Refuses outputs that would overwrite an input or another output."""

import os

from pipeline.errors import UserError


def require_apart(inputs, outputs):
    """Raise UserError if an output is an input or another output, also through links.

    Devices and pipes may be given several times; nothing of theirs is overwritten.
    """
    known = {_identity(path): f"{path}, which is read" for path in inputs}
    for path in outputs:
        identity = _identity(path)
        if identity and identity in known:
            raise UserError(f"{path}: the same as {known[identity]}; give another name for what "
                            "is written")
        known[identity] = f"{path}, which is written too"


def _identity(path):
    """Return the device and number of a file or folder, or its path if there is none yet."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(path))
    if not os.path.isfile(path) and not os.path.isdir(path):
        return None  # a device or a pipe
    return status.st_dev, status.st_ino
