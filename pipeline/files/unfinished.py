"""Marks results that are at their place, but not complete: a hidden file beside each."""

from pipeline.files.wholefile import beside, place_of


def mark_unfinished(paths):
    """Put `.NAME.unfinished` beside each path; a process that is killed leaves it there.

    Returns those of the paths that had none.
    """
    new = [path for path in paths for mark in _marks([path]) if not mark.exists()]
    for mark in _marks(paths):
        mark.touch()
    return new


def mark_finished(paths):
    """Remove what mark_unfinished has put there."""
    for mark in _marks(paths):
        mark.unlink(missing_ok=True)


def all_finished(paths):
    """Return whether all results are at their places, and complete."""
    return all(path.is_file() for path in paths) and not any(
        mark.exists() for mark in _marks(paths))


def _marks(paths):
    places = filter(None, map(place_of, paths))
    return [beside(place, f".{place.name}", ".unfinished") for place in places]
