"""Finds files in a folder and its subfolders, and counts what is skipped."""

import os
import re
from collections import Counter
from glob import glob
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files.places import identity_of
from pipeline.terminal import notice


class Skips:
    """What a run skips, or what breaks off: counted by its reason, and printed on stderr.

    counts: {reason: number}. others: {suffix: number} of the files in a folder that have other
    suffixes. report: what a line is given to, in place of printing it.
    """

    def __init__(self, report=notice):
        self.counts, self.others = Counter(), Counter()
        self._report = report

    def add(self, reason, line, number=1):
        """Report a line, and count `number` under its reason."""
        self._report(line)
        self.counts[reason] += number


def matching(names):
    """Return names with patterns such as *.jpg, which some shells leave, replaced by the files.

    Raises UserError if no file matches a pattern.
    """
    found = []
    for name in map(str, names):
        is_pattern = set("*?[") & set(name) and "://" not in name and not os.path.lexists(name)
        files = sorted(glob(name, recursive=True)) if is_pattern else [name]
        if not files:
            raise UserError(f"{name}: no file has a name of this pattern")
        found += files
    return found


def files_by_name(paths, suffixes, what, skips, leave_out=()):
    """Return {name: path} of files, and of the files in folders by their path there.

    what: what the files are, for errors; the rest as for `files_below`. Raises UserError if a
    folder has no such file, or if two files have one name.
    """
    found = {}
    for path in map(str, paths):
        if Path(path).is_dir():
            below = {file.relative_to(path).as_posix(): str(file)
                     for file in files_below(path, suffixes, skips, leave_out)}
            if not below:
                raise UserError(f"{path}: no {what} in this folder; expected "
                                + ", ".join(suffixes))
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
