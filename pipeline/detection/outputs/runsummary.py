"""Counts what a run finds."""

import time
from collections import Counter

from rich.table import Table
from rich.text import Text

from pipeline.detection.faces.facetracker import UNSURE
from pipeline.terminal import printable


class RunSummary:
    """Counts frames, faces and emotions, what was skipped, and the rate of the run."""

    def __init__(self, class_names, found_by, skips):
        self._class_names = class_names
        self._found_by = found_by
        self._skips = skips
        self._frames = self._with_face = self._faces = self._highest_number = 0
        self._emotions = Counter()
        self._began = self._last = time.monotonic()

    def write(self, frame, faces):
        """Count a frame and its faces."""
        self._frames += 1
        self._with_face += bool(faces)
        self._faces += len(faces)
        for face in faces:
            self._emotions[face.emotion] += 1
            self._highest_number = max(self._highest_number, face.number)
        self._last = time.monotonic()

    def table(self, title):
        """Return the rich Table that ends a run."""
        seconds = max(self._last - self._began, 1e-6)
        table = Table("", "", title=title, show_header=False, min_width=40)
        table.columns[1].justify = "right"
        table.add_row("frames", f"{self._frames:,}")
        table.add_row("  with a face", f"{self._with_face:,}")
        table.add_row("  without a face", f"{self._frames - self._with_face:,}")
        table.add_row("faces found by", self._found_by)
        table.add_row("faces", f"{self._faces:,}")
        table.add_row("  different ones", f"{self._highest_number:,}")
        for name in (*self._class_names, *[UNSURE] * bool(self._emotions[UNSURE])):
            table.add_row(Text(f"  {name}"), f"{self._emotions[name] / max(self._faces, 1):.0%}")
        for reason, count in self._skips.counts.items():
            table.add_row(reason, f"{count:,}")
        for suffix, count in self._skips.others.most_common():
            table.add_row(Text(f"other files: {printable(suffix)}"), f"{count:,}")
        table.add_row("frames a second", f"{self._frames / seconds:.0f}")
        return table
