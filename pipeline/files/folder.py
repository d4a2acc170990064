"""Finds files in a folder and its subfolders."""

import os
from pathlib import Path


def files_below(folder, suffixes, skips, leave_out=()):
    """Return the files of these suffixes, with their relative paths, in the order of those.

    Hidden files and folders are left out, and subfolders that are in `leave_out`. Other suffixes
    are counted in skips, and folders that cannot be read are named there.
    """
    found = []
    for path in _walk(Path(folder), skips, set(map(_identity, leave_out))):
        if path.suffix.lower() in suffixes:
            found.append(path)
        else:
            skips.others[path.suffix.lower() or "no suffix"] += 1
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _walk(folder, skips, seen):
    def unreadable(error):
        skips.add("folders that cannot be read", f"{error.filename}: {error.strerror}")

    seen.discard(_identity(folder))
    for place, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        identity = _identity(place)
        if identity in seen:  # a link has led here before
            folders.clear()
            continue
        seen.add(identity)
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _identity(path):
    """Return what a file or folder is by whatever name, or None if it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
