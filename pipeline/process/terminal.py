"""What is printed in the terminal: names, notices and progress bars."""

import os
import sys
import threading
import unicodedata
from contextlib import contextmanager, suppress

# Controls, lone surrogates, line and paragraph separators.
ESCAPED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}

# Characters that change the direction of the text around them.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

# A progress bar is updated once in so many rows, which costs nothing measurable.
ROWS_PER_UPDATE = 500


def printable(text):
    """Return a text, a path or an exception as text that is safe to print.

    Control characters and bytes that are not UTF-8 are replaced by escapes.
    """
    text = str(text)
    if is_undecoded(text):
        text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode() if acts_on_terminal(character) else character
        for character in text)


def is_undecoded(text):
    """Return whether a name has bytes that are not UTF-8; Python keeps these as surrogates."""
    return any("\udc80" <= character <= "\udcff" for character in str(text))


def acts_on_terminal(character):
    return (unicodedata.category(character) in ESCAPED_CATEGORIES
            or unicodedata.bidirectional(character) in TURNING)


def notice(line):
    """Print a line on stderr, unless stderr is closed."""
    with _stderr, suppress(OSError):
        print(printable(line), file=sys.stderr, flush=True)


@contextmanager
def quiet_stderr():
    """Discard what libraries write to stderr themselves. Notices of other threads wait."""
    with _stderr:
        sys.stderr.flush()
        kept = os.dup(2)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def track_bytes(rows, position, size, description):
    """Yield rows of a file of `size` bytes, with a progress bar; position() is in bytes."""
    with _progress() as progress:
        task = progress.add_task(description, total=size)
        for number, row in enumerate(rows):
            if number % ROWS_PER_UPDATE == 0:
                progress.update(task, completed=position())
            yield row


def track(items, description, total):
    """Yield `total` items, with a progress bar."""
    with _progress() as progress:
        yield from progress.track(items, total=total, description=description)


def track_frames(frames, source, most):
    """Yield frames, with a progress bar unless the source is live."""
    total = min(filter(None, (source.count, most)), default=None)
    with _progress(hidden=source.live) as progress:
        yield from progress.track(frames, total=total, description=printable(source.name))


def print_table(title, columns, rows):
    """Print a table; columns, rows: of str, the first one of each to the left."""
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(columns[0], *(Column(name, justify="right") for name in columns[1:]),
                  title=Text(title))
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _progress(hidden=False):
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(TextColumn("{task.description}", markup=False), BarColumn(),
                    TaskProgressColumn(), TimeRemainingColumn(), transient=True,
                    disable=hidden or not sys.stdout.isatty())


_stderr = threading.RLock()
