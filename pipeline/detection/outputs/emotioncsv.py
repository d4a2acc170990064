"""Writes the emotions of every face to a CSV file."""

import csv
from contextlib import contextmanager

from pipeline.io.wholefile import growing_file
from pipeline.terminal import is_undecoded, printable

# With these a spreadsheet takes a cell for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class EmotionCSV:
    """Writes a row per face per frame, as it goes.

    Columns: frame (from 0), seconds, face (from 1), x, y, width, height in the frame's pixels,
    each emotion's probability, then the likeliest emotion, or unsure. For pictures the file's name
    comes in front, and one without a face has a row whose other cells are empty.
    """

    def __init__(self, file, class_names, *, pictures):
        self._writer = csv.writer(file)
        self._class_names = class_names
        self._pictures = pictures
        self._writer.writerow([*["file"] * pictures, "frame", "seconds", "face", "x", "y", "width",
                               "height", *map(text_cell, class_names), "emotion"])

    @classmethod
    @contextmanager
    def create(cls, path, class_names, *, pictures):
        """Yield a writer for `path`; an earlier file comes back if the block raises."""
        with growing_file(path) as file:
            yield cls(file, class_names, pictures=pictures)

    def write(self, frame, faces):
        """Write the rows of a frame."""
        start = [*[text_cell(frame.name)] * self._pictures, frame.index, f"{frame.seconds:.3f}"]
        for face in faces:
            self._writer.writerow([
                *start, face.number, *face.box,
                *(f"{probability:.4f}" for probability in face.probabilities),
                text_cell(face.emotion)])
        if self._pictures and not faces:
            self._writer.writerow([*start, *[""] * (6 + len(self._class_names))])


def text_cell(text):
    """Return a name as a cell that is UTF-8 and that no spreadsheet takes for a formula."""
    text = printable(text) if is_undecoded(text) else text
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
