"""Finds out whether two names are one file."""

import os

from pipeline.errors import UserError


def require_apart(inputs, outputs):
    """Raise UserError if an output is an input, or another output, by whatever name.

    Devices and pipes may be given several times, as nothing of theirs is lost.
    """
    known = {}
    for path in inputs:
        known.update(dict.fromkeys(_identities(path), f"{path}, which is read"))
    for path in outputs:
        identities = _identities(path)
        for identity in identities & known.keys():
            raise UserError(f"{path}: the same as {known[identity]}; give another name for what "
                            "is written")
        known.update(dict.fromkeys(identities, f"{path}, which is written too"))


def _identities(path):
    """Return what makes a file or folder the same: its place, and its number if it is there."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        return set()
    identities = {os.path.normcase(os.path.realpath(path))}
    if os.path.exists(path):
        status = os.stat(path)
        identities.add((status.st_dev, status.st_ino))
    return identities
