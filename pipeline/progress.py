"""Progress bars."""

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

# Rows between two looks at the position: the bar costs nothing measurable then.
ROWS_PER_UPDATE = 500


def track_bytes(reader, path, description):
    """Yield the reader's rows and show how far its `position` in the file of `path` has come."""
    columns = (TextColumn(description), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(description, total=path.stat().st_size)
        for number, row in enumerate(reader):
            if number % ROWS_PER_UPDATE == 0:
                progress.update(task, completed=reader.position)
            yield row
