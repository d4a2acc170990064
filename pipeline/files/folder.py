"""Finds files in a folder and its subfolders, and counts what is skipped."""

import os
import re
from collections import Counter
from glob import glob
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files.places import identity_of
from pipeline.process.terminal import notice


class Skips:
    """What a run skips, or what breaks off; report: a function that is given a line about it."""

    def __init__(self, report=notice):
        self.counts = Counter()  # by the reason
        self.others = Counter()  # files in folders, by their suffix
        self._report = report

    def add(self, reason, line, number=1):
        """Report a line, and count `number` under its reason."""
        self._report(line)
        self.counts[reason] += number


def matching(names):
    """Return names, in place of a pattern such as *.jpg, which some shells leave, its files."""
    found = []
    for name in map(str, names):
        files = [] if os.path.lexists(name) else sorted(glob(name, recursive=True))
        found += files or [name]
    return found


def files_by_name(paths, suffixes, what, skips, leave_out=()):
    """Return {name: path} of files, and of the files in folders by their path there.

    what: what the files are. Raises UserError if a folder has none, or two have one name.
    """
    found = {}
    for path in map(str, paths):
        if Path(path).is_dir():
            below = {file.relative_to(path).as_posix(): str(file)
                     for file in files_below(path, suffixes, skips, leave_out)}
            if not below:
                raise UserError(f"{path}: no {what} in this folder; expected {', '.join(suffixes)}")
        else:
            name = re.sub(r".*[/\\]", "", path.rstrip("/"))
            below = {name if name.strip(".") else what: path}
        for name in below.keys() & found.keys():
            raise UserError(f"{below[name]}: has the name of {found[name]}, and so would its "
                            "results; run them apart")
        found.update(below)
    return found


def files_below(folder, suffixes, skips, leave_out=()):
    """Return the paths of the files with these suffixes, sorted by their path in the folder.

    Hidden files and folders, and the subfolders in `leave_out`, are skipped. skips: Skips of files
    with other suffixes, and of folders that cannot be read.
    """
    def unreadable(error):
        skips.add("folders that cannot be read", f"{error.filename}: {error.strerror}")

    found, seen = [], set(map(identity_of, leave_out)) - {identity_of(folder)}
    for place, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        if identity_of(place) in seen:  # a link led here before
            folders.clear()
            continue
        seen.add(identity_of(place))
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            if path.suffix.lower() in suffixes:
                found.append(path)
            else:
                skips.others[path.suffix.lower() or "no suffix"] += 1
    return sorted(found, key=lambda path: path.relative_to(folder).parts)
