"""What one run of the detector is to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """A source and where its results go.

    source: a camera's number, a video's path or address, or, with pictures, the path of a
    picture or a folder. annotated, csv, timeline: paths, or None for what is not wanted.
    """

    source: int | str | Path
    pictures: bool = False
    annotated: Path | None = None
    csv: Path | None = None
    timeline: Path | None = None

    @property
    def outputs(self):
        """The paths that are wanted."""
        return [path for path in (self.annotated, self.csv, self.timeline) if path]
