"""Writes the emotions of every face to a CSV file."""

import csv
import io
from contextlib import contextmanager

from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file
from pipeline.terminal import is_undecoded, printable

# With these a spreadsheet takes a cell for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class EmotionCSV:
    """Writes a row per face per frame, as it goes: all rows of a frame, or none.

    Columns: frame (from 0), seconds, face (from 1), x, y, width, height in the frame's pixels,
    each emotion's probability, then the likeliest emotion, or unsure. For pictures the file's name
    comes in front, and one without a face has a row whose other cells are empty.
    """

    def __init__(self, file, path, class_names, *, pictures):
        self._file = file
        self._path = path
        self._size = 0
        self._pictures = pictures
        self._columns = [*["file"] * pictures, "frame", "seconds", "face", "x", "y", "width",
                         "height", *map(text_cell, class_names), "emotion"]

    @classmethod
    @contextmanager
    def create(cls, path, class_names, *, pictures):
        """Yield a writer for `path`, which gets the rows however the block ends.

        If there is none, an earlier file stays. Raises UserError if it cannot be written.
        """
        with growing_file(path) as growing, open(growing, "wb", buffering=0) as file:
            yield cls(file, path, class_names, pictures=pictures)

    def write(self, frame, faces):
        """Write the rows of a frame, the first time below the names of the columns."""
        rows = [] if self._size else [self._columns]
        start = [*[text_cell(frame.name)] * self._pictures, frame.index, f"{frame.seconds:.3f}"]
        for face in faces:
            rows.append([*start, face.number, *face.box,
                         *(f"{probability:.4f}" for probability in face.probabilities),
                         text_cell(face.emotion)])
        if self._pictures and not faces:
            rows.append(start + [""] * (len(self._columns) - len(start)))
        self._append(rows)

    def _append(self, rows):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        content = text.getvalue().encode()
        try:
            if self._file.write(content) < len(content):
                raise OSError(0, "the disk is full")
        except OSError as error:
            if self._file.seekable():
                self._file.truncate(self._size)
            raise UserError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._size += len(content)


def text_cell(text):
    """Return a name as a cell that is UTF-8 and that no spreadsheet takes for a formula."""
    text = printable(text) if is_undecoded(text) else text
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
