"""The rows of fer2013.csv, read as a stream and checked one by one."""

import gzip
import hashlib
import warnings
from pathlib import Path

import numpy as np

from pipeline.errors import UserError

COLUMNS = ("emotion", "pixels", "usage")
LABELS = 7

# A row of 2304 pixels has at most 9.3 kB; a longer line is not a row of this dataset.
LONGEST_LINE = 1 << 16


class FER2013Reader:
    """Iterates over the rows of a FER2013 CSV file (plain, or gzip by its .gz suffix).

    The columns emotion, pixels and Usage may come in any order, with spaces in the header;
    a byte order mark, CRLF and blank lines are read over. Yields (label, pixels, usage):
    label int 0-6, pixels (image_size**2,) uint8, usage str. After the last row `sha256` is
    the digest of the file's uncompressed bytes. Raises UserError with the line number for a
    row that is wrong. Source of the format: Kaggle's "Challenges in Representation Learning:
    Facial Expression Recognition Challenge", 2013.
    """

    def __init__(self, path, image_size, usages):
        self.path = Path(path)
        self.num_pixels = image_size**2
        self.usages = {usage.encode(): usage for usage in usages}
        self.labels = {str(label).encode(): label for label in range(LABELS)}
        self.position = 0
        self.sha256 = None

    def __iter__(self):
        digest = hashlib.sha256()
        with open(self.path, "rb") as file:
            stream = gzip.GzipFile(fileobj=file) if self.path.suffix == ".gz" else file
            lines = self._lines(stream, file, digest)
            number, header = next(lines, (1, b""))
            columns = self._columns(number, header)
            for number, line in lines:
                yield self._row(number, line, columns)
        self.sha256 = digest.hexdigest()

    def _lines(self, stream, file, digest):
        """Yield (line number, line) for every line that is not blank."""
        number = 0
        try:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                digest.update(line)
                self.position = file.tell()
                if len(line) == LONGEST_LINE:
                    raise self._error(number, f"a line of over {LONGEST_LINE} bytes", "a row")
                line = line.strip()
                if line:
                    yield number, line
        except (EOFError, OSError) as error:
            raise UserError(f"{self.path}, after line {number}: {error}") from error

    def _columns(self, number, header):
        """Return the positions of emotion, pixels and Usage, and the number of columns."""
        header = header.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
        names = [name.strip(' "').lower() for name in header.split(",")]
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise self._error(number, f"no column {missing[0]} in the header", "a header with "
                              "emotion, pixels and Usage, as in Kaggle's fer2013.csv")
        return *(names.index(name) for name in COLUMNS), len(names)

    def _row(self, number, line, columns):
        emotion_column, pixels_column, usage_column, num_columns = columns
        fields = line.split(b",")
        if len(fields) != num_columns:
            raise self._error(number, f"{len(fields)} columns", f"{num_columns}")
        emotion = fields[emotion_column].strip(b' "')
        usage = fields[usage_column].strip(b' "')
        if emotion not in self.labels:
            raise self._error(number, f"emotion {shown(emotion)}", "0 to 6")
        if usage not in self.usages:
            raise self._error(number, f"Usage {shown(usage)}",
                              "one of " + ", ".join(self.usages.values()))
        pixels = self._pixels(number, fields[pixels_column].strip(b' "'))
        return self.labels[emotion], pixels, self.usages[usage]

    def _pixels(self, number, text):
        # np.fromstring is five times as fast as splitting; what it does not understand it
        # reports by a warning, or an error from NumPy 2.3 on.
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            try:
                values = np.fromstring(text, dtype=np.int64, sep=" ")
            except (ValueError, DeprecationWarning):
                values = np.empty(0, dtype=np.int64)
        # Seen as unsigned, a negative value is a huge one.
        if values.size == self.num_pixels and values.view(np.uint64).max() <= 255:
            return values.astype(np.uint8)
        raise self._pixel_error(number, text.split())

    def _pixel_error(self, number, words):
        for position, word in enumerate(words, start=1):
            if not (word.isdigit() and len(word) <= 9 and int(word) <= 255):
                return self._error(number, f"{shown(word)} as pixel {position}",
                                   "a whole number from 0 to 255")
        return self._error(number, f"{len(words)} pixels", f"{self.num_pixels}")

    def _error(self, number, found, expected):
        return UserError(f"{self.path}, line {number}: found {found}, expected {expected}")


def shown(raw):
    """Return bytes of a file as short printable text in quotes."""
    return repr(raw[:40].decode("utf-8", errors="replace"))
