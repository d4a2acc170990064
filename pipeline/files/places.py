"""Refuses outputs that would overwrite an input or another output."""

import os

from pipeline.errors import UserError


def require_apart(inputs, outputs):
    """Raise UserError if an output is an input or another output, also through links.

    Devices and pipes may be given several times; nothing of theirs is overwritten.
    """
    known = {identity_of(path): f"{path}, which is read" for path in inputs}
    for path in outputs:
        identity = identity_of(path)
        if identity and identity in known:
            raise UserError(f"{path}: the same as {known[identity]}; give another name for what "
                            "is written")
        known[identity] = f"{path}, which is written too"


def identity_of(path):
    """Return what a path and all links to it have in common; None for a device or a pipe."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(path))
    if not os.path.isfile(path) and not os.path.isdir(path):
        return None
    return status.st_dev, status.st_ino
