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
from pipeline.io.classnames import known_name
from pipeline.io.splitting import FaceSample
from pipeline.terminal import track_bytes

COLUMNS = ("emotion", "pixels", "usage")
OPTIONAL = ("usage",)
FER2013_LABELS = 7

# A row of 2304 pixels has at most 9.3 kB; a longer line is not a row of this data set.
LONGEST_LINE = 1 << 16
MOST_BLANK_LINES = 1000


class RowSamples:
    """Iterates over the rows of a CSV file as FaceSamples.

    numbered: the class names, by the number of a label; remedy: what a user should do about other
    numbers. words: {word in small letters: class name}, as known_name takes it. splits:
    {Usage: split}; a file has either all Usages of `whole` or none. Raises UserError as
    FER2013Reader does.
    """

    def __init__(self, path, image_size, *, numbered, remedy, words, splits, whole):
        self.path = path
        self.numbered = numbered
        self.words = words
        self.splits = splits
        self.whole = whole
        self.usages = set()  # those that were read
        self._reader = FER2013Reader(path, image_size, splits, len(numbered), remedy)

    @property
    def sha256(self):
        return self._reader.sha256

    @property
    def has_words(self):
        return self._reader.has_words

    def __iter__(self):
        for label, pixels, usage in track_bytes(self._reader, self.path, "building"):
            word = label if self.has_words else self.numbered[label]
            self.usages.add(usage)
            yield FaceSample(pixels, known_name(word, self.words), self.splits.get(usage))

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


class FER2013Reader:
    """Iterates over the rows of a CSV file (plain, or gzip if its name ends in .gz).

    The columns emotion, pixels and Usage may have any order and spaces in the header; a byte order
    mark, CRLF and blank lines are allowed. Yields (label, pixels, usage): label an int from 0 to
    below `labels`, or a str if the first row has a word; pixels (image_size**2,) uint8; usage one
    of `usages`, in capital or small letters, or None without that column. After the last row
    `sha256` is the digest of the file's uncompressed bytes. Raises UserError with the number of
    the first wrong line; `remedy` is added to the message about another label.
    """

    def __init__(self, path, image_size, usages, labels=FER2013_LABELS, remedy=""):
        self.path = Path(path)
        self.num_pixels = image_size**2
        self.usages = {usage.lower().encode(): usage for usage in usages}
        self.labels = {str(label).encode(): label for label in range(labels)}
        self.remedy = remedy
        self.has_words = None
        self.position = 0  # bytes of the file that were read
        self.sha256 = None

    def __iter__(self):
        digest = hashlib.sha256()
        try:
            file = open(self.path, "rb", buffering=1 << 20)  # noqa: SIM115  (closed below)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read: {error.strerror}") from error
        with file:
            lines = self._lines(file, digest)
            columns = self._columns(*next(lines, (1, b"")))
            for number, line in lines:
                yield self._row(number, line, *columns)
        self.sha256 = digest.hexdigest()

    def _lines(self, file, digest):
        """Yield (line number, line) of every line that is not blank."""
        stream = gzip.GzipFile(fileobj=file) if self.path.suffix == ".gz" else file
        number = blank = 0
        try:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                digest.update(line)
                self.position = file.tell()
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
        label = self._label(number, fields[emotion_column])
        usage = None
        if usage_column is not None:
            usage = self.usages.get(fields[usage_column].lower())
            if usage is None:
                raise self._error(number, f"Usage {shown(fields[usage_column])}",
                                  "one of " + ", ".join(self.usages.values()))
        return label, self._pixels(number, fields[pixels_column]), usage

    def _label(self, number, emotion):
        """Return the label of a row: a number, or a word if the first row has a word."""
        word = emotion.decode("utf-8", errors="replace")
        if self.has_words is None:
            self.has_words = word[:1].isalpha()
        if self.has_words and word[:1].isalpha() and word.isprintable() and len(word) <= 64:
            return word
        if self.has_words:
            raise self._error(number, f"emotion {shown(emotion)}", "a word, as in the first row")
        if emotion not in self.labels:
            raise self._error(number, f"emotion {shown(emotion)}",
                              f"0 to {len(self.labels) - 1}{self.remedy}")
        return self.labels[emotion]

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
