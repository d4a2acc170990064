"""Writes the emotions of every face to a table, with a .json beside it, as BIDS has it."""

import csv
import io
import json
from contextlib import contextmanager

from pipeline.detection.outputs.formats import STANDARD_OUTPUT, require_suffix, sidecar_of
from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file, whole_file
from pipeline.process.terminal import is_undecoded, printable

DELIMITERS = {".csv": ",", ".tsv": "\t"}

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # of a cell, for a spreadsheet
SIDECAR_START = b'{\n "table": '  # another program's .json is not overwritten

# Description and unit of the columns, in their order; a column for each class follows.
CORNER = "of the face's box, from the upper left corner of the upright frame with square pixels"
COLUMNS = {
    "file": ("path of the picture in its folder", None),
    "frame": ("number of the frame in its source, from 0", None),
    "seconds": ("time of the frame from the start of the source", "s"),
    "face": ("number of the face, from 1, the same while it is in sight; where no face was found "
             "it is empty, and all that follows", None),
    "x": (f"left edge {CORNER}", "pixel"),
    "y": (f"upper edge {CORNER}", "pixel"),
    "width": ("width of the box", "pixel"),
    "height": ("height of the box", "pixel"),
}


class EmotionTable:
    """Writes the rows of table_rows below the columns of table_columns."""

    def __init__(self, file, path, summary):
        self._file, self._path, self._size = file, path, 0
        self._pictures = summary.source.pictures
        self._columns = table_columns(summary.class_names, pictures=self._pictures)

    @classmethod
    @contextmanager
    def create(cls, path, summary):
        """Yield a writer for `path`, which keeps the written rows however the block ends.

        summary: the RunSummary that its sidecar holds. Raises UserError if a file cannot be
        written, or the sidecar is another program's.
        """
        require_suffix(path, DELIMITERS, "table", ", or - for standard output")
        sidecar = sidecar_of(path)
        if sidecar and sidecar.exists() and not sidecar.read_bytes().startswith(SIDECAR_START):
            raise UserError(f"{sidecar}: is another program's, and would be overwritten; give the "
                            "table another name")
        to_stdout = path == STANDARD_OUTPUT
        try:
            with (growing_file(path) as growing, open(
                    1 if to_stdout else growing, "wb", buffering=0, closefd=not to_stdout) as file):
                yield cls(file, path, summary)
        finally:
            if sidecar and summary.statistics.frames:
                described = {"table": path.name, "columns": described_columns(summary),
                             **summary.described(), "faces": summary.faces()}
                with whole_file(sidecar) as partial:
                    partial.write_text(json.dumps(described, indent=1) + "\n")

    def write(self, frame, faces):
        """Write all rows of a frame, or none if the disk is full."""
        rows = table_rows(frame, faces, self._columns, pictures=self._pictures)
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=DELIMITERS.get(self._path.suffix.lower(), ",")).writerows(
            rows if self._size else [self._columns, *rows])
        content = text.getvalue().encode()
        rest = memoryview(content)
        try:
            while rest:  # a signal can interrupt the writing to a pipe
                rest = rest[self._file.write(rest):]
        except OSError as error:
            if self._file.seekable() and self._path != STANDARD_OUTPUT:
                self._file.truncate(self._size)
            raise UserError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._size += len(content)


def table_columns(class_names, *, pictures):
    """Return the names of the columns; for pictures alone the first is the file's name."""
    return [*list(COLUMNS)[not pictures:], *map(text_cell, class_names), "emotion"]


def described_columns(summary):
    """Return {column: {"Description": ..., "Units": ...}} of a RunSummary's table."""
    smoothing, least = summary.settings["smoothing"], summary.settings["least_confidence"]
    average = (f"exponential average with a time constant of {smoothing} s" if smoothing
               else "not smoothed")
    known = {**COLUMNS, "emotion": ("the emotion of the largest probability, or unsure if that is "
                                    f"below {least}", None)}
    columns = {}
    for name in table_columns(summary.class_names, pictures=summary.source.pictures):
        text, unit = known.get(name, (f"probability of {name}, 0 to 1; {average}", "1"))
        columns[name] = {"Description": text} | ({"Units": unit} if unit else {})
    return columns


def table_rows(frame, faces, columns, *, pictures):
    """Return the cells of a row for each face of a frame, or of one row if there is no face."""
    start = [*[text_cell(frame.name)] * pictures, frame.index, f"{frame.seconds:.3f}"]
    rows = [[*start, face.number, *face.box,
             *(f"{probability:.4f}" for probability in face.probabilities),
             text_cell(face.emotion)] for face in faces]
    return rows or [start + [""] * (len(columns) - len(start))]


def values_of(cells):
    """Return the cells of a row as numbers, but the last, the emotion; None where one is empty."""
    *numbers, emotion = (None if cell == "" else cell for cell in cells)
    return [*(float(cell) if isinstance(cell, str) else cell for cell in numbers), emotion]


def text_cell(text):
    """Return a name as a UTF-8 cell that no spreadsheet takes for a formula."""
    text = printable(text) if is_undecoded(text) else text
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
