"""Writes the emotions of every face to a table, CSV or TSV."""

import csv
import io
from contextlib import contextmanager

from pipeline.detection.outputs.formats import STANDARD_OUTPUT, TABLE_DELIMITERS
from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file, place_of
from pipeline.terminal import is_undecoded, printable

# A spreadsheet takes a cell that starts with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class EmotionTable:
    """Writes the rows of table_rows below the columns of table_columns."""

    def __init__(self, file, path, class_names, *, pictures):
        self._file = file
        self.path = path
        self._delimiter = TABLE_DELIMITERS.get(path.suffix.lower(), ",")
        self._size = 0
        self._pictures = pictures
        self.columns = table_columns(class_names, pictures=pictures)

    @classmethod
    @contextmanager
    def create(cls, path, class_names, *, pictures):
        """Yield a writer for `path`, which keeps the written rows however the block ends.

        Without a row an earlier file stays. Raises UserError if the table cannot be written.
        """
        if path.suffix.lower() not in TABLE_DELIMITERS and place_of(path):
            raise UserError(f"{path}: no table is written with this suffix; expected "
                            + ", ".join(TABLE_DELIMITERS) + ", or - for standard output")
        to_stdout = path == STANDARD_OUTPUT
        with (growing_file(path) as growing,
              open(1 if to_stdout else growing, "wb", buffering=0, closefd=not to_stdout) as file):
            yield cls(file, path, class_names, pictures=pictures)

    def write(self, frame, faces):
        """Write all rows of a frame, or none if the disk is full."""
        rows = table_rows(frame, faces, self.columns, pictures=self._pictures)
        self._append(rows if self._size else [self.columns, *rows])

    def _append(self, rows):
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._delimiter).writerows(rows)
        content = text.getvalue().encode()
        try:
            rest = memoryview(content)
            while rest:  # a signal can interrupt the writing to a pipe
                rest = rest[self._file.write(rest):]
        except OSError as error:
            if self._file.seekable() and self.path != STANDARD_OUTPUT:
                self._file.truncate(self._size)
            raise UserError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._size += len(content)


def table_columns(class_names, *, pictures):
    """Return the names of the columns.

    For pictures the file's name, then frame (from 0), seconds, face (from 1), x, y, width and
    height of its box, a probability for each emotion, and the likeliest emotion.
    """
    return [*["file"] * pictures, "frame", "seconds", "face", "x", "y", "width", "height",
            *map(text_cell, class_names), "emotion"]


def table_rows(frame, faces, columns, *, pictures):
    """Return the cells of a row for each face of a frame, or of one row if there is no face."""
    start = [*[text_cell(frame.name)] * pictures, frame.index, f"{frame.seconds:.3f}"]
    rows = [[*start, face.number, *face.box,
             *(f"{probability:.4f}" for probability in face.probabilities),
             text_cell(face.emotion)] for face in faces]
    return rows or [start + [""] * (len(columns) - len(start))]


def values_of(cells):
    """Return the cells of a row that ends with the emotion as numbers, None where one is empty."""
    *numbers, emotion = (None if cell == "" else cell for cell in cells)
    return [*(float(cell) if isinstance(cell, str) else cell for cell in numbers), emotion]


def text_cell(text):
    """Return a name as a UTF-8 cell that no spreadsheet takes for a formula."""
    text = printable(text) if is_undecoded(text) else text
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
