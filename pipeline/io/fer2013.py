"""Reads fer2013.csv and CSV files like it, row by row, and checks every value.

Source of the format: Kaggle's "Challenges in Representation Learning: Facial Expression
Recognition Challenge", 2013.
"""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.io.classnames import LONGEST_NAME, known_name
from pipeline.io.splitting import FaceSample
from pipeline.terminal import track_bytes

COLUMNS = ("emotion", "pixels", "usage")
OPTIONAL = ("usage",)

# A row of 2304 pixels has at most 9.3 kB; a longer line is not a row of this data set.
LONGEST_LINE = 1 << 16
MOST_BLANK_LINES = 1000


class RowSamples:
    """Iterates over the rows of a CSV file (plain, or gzip if its name ends in .gz) as FaceSamples.

    The columns emotion, pixels and Usage may have any order and spaces in the header; a byte order
    mark, CRLF and blank lines are allowed. Emotions are numbers, indices of `numbered`, or words
    if the first row has a word; words: as known_name takes them. splits: {Usage: split}; capital
    and small letters are the same. Of the Usages in `whole` a file has all or none. remedy: what a
    user should do about other numbers. After the last row `sha256` is the digest of the file's
    uncompressed bytes. Raises UserError with the number of the first wrong line.
    """

    def __init__(self, path, image_size, *, numbered, words, splits, whole=(), remedy=""):
        self.path = Path(path)
        self.num_pixels = image_size**2
        self.numbered = {str(number).encode(): name for number, name in enumerate(numbered)}
        self.words = words
        self.splits = splits
        self.whole = whole
        self.remedy = remedy
        self.has_words = None
        self.sha256 = None
        self.usages = set()  # those that were read
        self._known_usages = {usage.lower().encode(): usage for usage in splits}
        self._position = 0  # bytes of the file that were read

    def __iter__(self):
        digest = hashlib.sha256()
        try:
            file = open(self.path, "rb", buffering=1 << 20)  # noqa: SIM115  (closed below)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read: {error.strerror}") from error
        with file:
            lines = self._lines(file, digest)
            columns = self._columns(*next(lines, (1, b"")))
            size = self.path.stat().st_size
            for number, line in track_bytes(lines, lambda: self._position, size, "building"):
                yield self._row(number, line, *columns)
        self.sha256 = digest.hexdigest()

    def require_splits(self):
        """Raise UserError if there is no row, or no row of a Usage that the file should have."""
        if not self.usages:
            raise UserError(f"{self.path}: no row of an image, expected the whole file")
        if self.usages == {None}:
            return
        found = {self.splits[usage] for usage in self.usages}
        needed = list(self.whole) if self.usages <= set(self.whole) else ["Training"]
        for usage in needed:
            if self.splits[usage] not in found:
                raise UserError(f"{self.path}: no row with Usage {usage}, so "
                                f"{self.splits[usage]}.hdf5 would be empty; expected the whole "
                                "fer2013.csv, or a file without Usage; or give --only test")

    def _lines(self, file, digest):
        """Yield (line number, line) of every line that is not blank."""
        stream = gzip.GzipFile(fileobj=file) if self.path.suffix == ".gz" else file
        number = blank = 0
        try:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                digest.update(line)
                self._position = file.tell()
                if len(line) == LONGEST_LINE:
                    raise self._error(number, f"a line of over {LONGEST_LINE} bytes", "a row")
                if line := line.strip():
                    yield number, line
                    continue
                blank += 1
                if blank > MOST_BLANK_LINES:
                    raise self._error(number, f"over {MOST_BLANK_LINES:,} blank lines", "rows")
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(f"{self.path}, after line {number}: {error}") from error

    def _columns(self, number, header):
        """Return the positions of emotion, pixels and Usage, and the number of columns."""
        header = header.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
        names = [name.strip(' "').lower() for name in header.split(",")]
        missing = [name for name in COLUMNS if name not in names and name not in OPTIONAL]
        if missing:
            raise self._error(number, f"no column {missing[0]} in the header", "a header with "
                              "emotion, pixels and Usage, as in Kaggle's fer2013.csv")
        return *(names.index(name) if name in names else None for name in COLUMNS), len(names)

    def _row(self, number, line, emotion_column, pixels_column, usage_column, num_columns):
        fields = [field.strip(b' "') for field in line.split(b",")]
        if len(fields) != num_columns:
            raise self._error(number, f"{len(fields)} columns", f"{num_columns}")
        name = self._class_name(number, fields[emotion_column])
        usage = None
        if usage_column is not None:
            usage = self._known_usages.get(fields[usage_column].lower())
            if usage is None:
                raise self._error(number, f"Usage {shown(fields[usage_column])}",
                                  "one of " + ", ".join(self.splits))
        self.usages.add(usage)
        return FaceSample(self._pixels(number, fields[pixels_column]), name,
                          self.splits.get(usage))

    def _class_name(self, number, emotion):
        word = emotion.decode("utf-8", errors="replace")
        if self.has_words is None:
            self.has_words = word[:1].isalpha()
        if not self.has_words:
            if emotion not in self.numbered:
                raise self._error(number, f"emotion {shown(emotion)}",
                                  f"0 to {len(self.numbered) - 1}{self.remedy}")
            word = self.numbered[emotion]
        elif not (word[:1].isalpha() and word.isprintable() and len(word) <= LONGEST_NAME):
            raise self._error(number, f"emotion {shown(emotion)}", "a word, as in the first row")
        return known_name(word, self.words)

    def _pixels(self, number, text):
        """Return the pixels (num_pixels,) uint8 of a row."""
        if text and not text.translate(None, b"0123456789 "):
            pixels = np.fromstring(text, dtype=np.int64, sep=" ")  # five times as fast as split()
            if len(pixels) == self.num_pixels and pixels.max() <= 255:
                return pixels.astype(np.uint8)
        words = text.split()
        for position, word in enumerate(words, start=1):
            if not (word.isdigit() and len(word) <= 9 and int(word) <= 255):
                raise self._error(number, f"{shown(word)} as pixel {position}",
                                  "a whole number from 0 to 255")
        if len(words) != self.num_pixels:
            raise self._error(number, f"{len(words)} pixels", f"{self.num_pixels}")
        return np.array(words, dtype=np.uint8)

    def _error(self, number, found, expected):
        return UserError(f"{self.path}, line {number}: found {found}, expected {expected}")


def shown(raw):
    """Return bytes of a file as short printable text in quotes."""
    return repr(raw[:40].decode("utf-8", errors="replace"))
