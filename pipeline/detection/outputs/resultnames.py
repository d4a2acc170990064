"""Names of results, after those of what they come from."""

from collections import Counter
from pathlib import PurePath


def result_names(names, suffix_of):
    """Return {name: PurePath of its result} for relative paths: its suffix is another.

    suffix_of: a function of the lower-case suffix. Where two results would have one name, both
    keep their own suffix in front of the new one, but for the one whose own name it is.
    """
    wanted = {name: _with_suffix(PurePath(name), suffix_of) for name in names}
    counts = Counter(wanted.values())
    return {name: path if counts[path] == 1 or path == PurePath(name)
            else PurePath(name + path.suffix) for name, path in wanted.items()}


def _with_suffix(path, suffix_of):
    suffix = suffix_of(path.suffix.lower())
    return path if suffix == path.suffix.lower() else path.with_suffix(suffix)
