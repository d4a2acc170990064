"""Progress bars."""

import sys

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pipeline.terminal import printable

COLUMNS = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
           TimeRemainingColumn())

# Rows between two looks at the position: the bar costs nothing measurable then.
ROWS_PER_UPDATE = 500


def track_bytes(reader, path, description):
    """Yield the reader's rows and show how far its `position` in the file of `path` has come."""
    with Progress(*COLUMNS, transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task(description, total=path.stat().st_size)
        for number, row in enumerate(reader):
            if number % ROWS_PER_UPDATE == 0:
                progress.update(task, completed=reader.position)
            yield row


def track(items, description, total):
    """Yield items and show how many of the total there have been."""
    with Progress(*COLUMNS, transient=True, disable=not sys.stdout.isatty()) as progress:
        yield from progress.track(items, total=total, description=description)


def track_frames(frames, source, most):
    """Yield frames and show how far a source that is not live has come."""
    hidden = source.live or not sys.stdout.isatty()
    total = min(filter(None, (source.count, most)), default=None)
    with Progress(*COLUMNS, transient=True, disable=hidden) as progress:
        yield from progress.track(frames, total=total, description=printable(source.name))
