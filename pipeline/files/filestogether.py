"""Files that belong together: all of them new, or all of them old."""

from contextlib import contextmanager
from pathlib import Path

from pipeline.files.wholefile import clear_errors, partial_of, place_of, put, whole_file

# Lists files that are complete and about to take their places, or that a kill kept from it.
LIST = ".complete.txt"


@contextmanager
def replaced_together(folder):
    """Yield a list for whole_file's `together`, whose files take their places with the block's end.

    If the block raises, none does. A kill between two of them is made good by the next
    finish_replacing. Raises UserError as whole_file does.
    """
    finish_replacing(folder)
    waiting = []
    try:
        yield waiting
        with whole_file(folder / LIST) as names:
            names.write_text("\n".join(path.name for path in waiting), encoding="utf-8")
        finish_replacing(folder)
    finally:
        if not (folder / LIST).exists():
            for path in waiting:
                partial_of(place_of(path)).unlink(missing_ok=True)


def finish_replacing(folder):
    """Give the files that replaced_together has completed in a folder their places, if it died."""
    complete = Path(folder) / LIST
    if not complete.exists():
        return
    with clear_errors(folder):
        for name in complete.read_text(encoding="utf-8").split("\n"):
            place = place_of(complete.with_name(Path(name).name))
            put(partial_of(place), place)
        complete.unlink(missing_ok=True)
