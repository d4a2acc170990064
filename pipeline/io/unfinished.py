"""Marks results that are at their place, but not complete: a hidden file beside each."""

from pipeline.io.wholefile import beside, place_of


def mark_unfinished(paths):
    """Put `.NAME.unfinished` beside each path; a process that is killed leaves it there."""
    for mark in _marks(paths):
        mark.touch()


def mark_finished(paths):
    """Remove what mark_unfinished has put there."""
    for mark in _marks(paths):
        mark.unlink(missing_ok=True)


def is_finished(path):
    """Return whether a result is at its place, and complete."""
    return path.is_file() and not any(mark.exists() for mark in _marks([path]))


def _marks(paths):
    places = filter(None, map(place_of, paths))
    return [beside(place, f".{place.name}", ".unfinished") for place in places]
