"""Marks results that are in their places but incomplete, each by a hidden file beside it."""

from pipeline.files.wholefile import beside, place_of


def mark_unfinished(paths):
    """Create `.NAME.unfinished` beside each path; a process that is killed leaves it there.

    Returns the paths that had no mark yet.
    """
    new = [path for path in paths for mark in _marks([path]) if not mark.exists()]
    for mark in _marks(paths):
        mark.touch()
    return new


def mark_finished(paths):
    """Remove the marks of mark_unfinished."""
    for mark in _marks(paths):
        mark.unlink(missing_ok=True)


def all_finished(paths):
    """Return whether all results exist and none is marked as unfinished."""
    return all(path.is_file() for path in paths) and not any(
        mark.exists() for mark in _marks(paths))


def _marks(paths):
    places = filter(None, map(place_of, paths))
    return [beside(place, f".{place.name}", ".unfinished") for place in places]
