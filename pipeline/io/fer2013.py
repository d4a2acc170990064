"""The rows of fer2013.csv, read as a stream and checked one by one."""

import gzip
import hashlib
import zlib
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.errors import UserError

COLUMNS = ("emotion", "pixels", "usage")
OPTIONAL = ("usage",)
FER2013_LABELS = 7

# A row of 2304 pixels has at most 9.3 kB; a longer line is not a row of this dataset.
LONGEST_LINE = 1 << 16
MOST_BLANK_LINES = 1000

# Rows whose pixels are parsed together; their arrays fit into a core's cache.
ROWS_TOGETHER = 8


class FER2013Reader:
    """Iterates over the rows of a FER2013 CSV file (plain, or gzip by its .gz suffix).

    The columns emotion, pixels and Usage may come in any order, with spaces in the header;
    a byte order mark, CRLF and blank lines are read over. Yields (label, pixels, usage):
    label int from 0 to below `labels`, or str where the first row has a word; pixels
    (image_size**2,) uint8; usage one of `usages`, which the file may have in capital or small
    letters, None without that column. After the last row `sha256` is
    the digest of the file's uncompressed bytes. Raises UserError with the line number for a
    row that is wrong; `remedy` is what to do about other labels.

    Source of the format: Kaggle's "Challenges in Representation Learning: Facial Expression
    Recognition Challenge", 2013.
    """

    def __init__(self, path, image_size, usages, labels=FER2013_LABELS, remedy=""):
        self.path = Path(path)
        self.num_pixels = image_size**2
        self.usages = {usage.lower().encode(): usage for usage in usages}
        self.labels = {str(label).encode(): label for label in range(labels)}
        self.remedy = remedy
        self.has_words = None
        self.position = 0
        self.sha256 = None

    def __iter__(self):
        digest = hashlib.sha256()
        with self._opened() as file:
            stream = gzip.GzipFile(fileobj=file) if self.path.suffix == ".gz" else file
            lines = self._lines(stream, file, digest)
            number, header = next(lines, (1, b""))
            columns = self._columns(number, header)
            rows = (self._row(number, line, columns) for number, line in lines)
            while together := list(islice(rows, ROWS_TOGETHER)):
                numbers, labels, texts, usages = zip(*together)
                yield from zip(labels, self._pixels(numbers, texts), usages)
        self.sha256 = digest.hexdigest()

    def _lines(self, stream, file, digest):
        """Yield (line number, line) for every line that is not blank."""
        number = blank = 0
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
                    continue
                blank += 1
                if blank > MOST_BLANK_LINES:
                    raise self._error(number, f"over {MOST_BLANK_LINES:,} blank lines", "rows")
        except (EOFError, OSError, zlib.error) as error:
            raise UserError(f"{self.path}, after line {number}: {error}") from error

    def _opened(self):
        try:
            return open(self.path, "rb", buffering=1 << 20)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be read: {error.strerror}") from error

    def _columns(self, number, header):
        """Return the positions of emotion, pixels and Usage, and the number of columns."""
        header = header.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
        names = [name.strip(' "').lower() for name in header.split(",")]
        missing = [name for name in COLUMNS if name not in names and name not in OPTIONAL]
        if missing:
            raise self._error(number, f"no column {missing[0]} in the header", "a header with "
                              "emotion, pixels and Usage, as in Kaggle's fer2013.csv")
        return *(names.index(name) if name in names else None for name in COLUMNS), len(names)

    def _row(self, number, line, columns):
        emotion_column, pixels_column, usage_column, num_columns = columns
        fields = line.split(b",")
        if len(fields) != num_columns:
            raise self._error(number, f"{len(fields)} columns", f"{num_columns}")
        emotion = fields[emotion_column].strip(b' "')
        pixels = fields[pixels_column].strip(b' "')
        if usage_column is None:
            return number, self._label(number, emotion), pixels, None
        field = fields[usage_column].strip(b' "')
        usage = self.usages.get(field.lower())
        if usage is None:
            raise self._error(number, f"Usage {shown(field)}",
                              "one of " + ", ".join(self.usages.values()))
        return number, self._label(number, emotion), pixels, usage

    def _label(self, number, emotion):
        """Return a row's label: a number, or a word where the first row has one."""
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

    def _pixels(self, numbers, texts):
        """Return the pixels (N, image_size**2) uint8 of rows, or raise the first one's error."""
        pixels = parse_together(texts, self.num_pixels)
        if pixels is None:
            pixels = np.stack([self._row_pixels(*row) for row in zip(numbers, texts)])
        return pixels

    def _row_pixels(self, number, text):
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


def parse_together(texts, num_pixels):
    """Return (N, num_pixels) uint8 from N texts of numbers 0-255 with one space between two.

    Returns None if any text is not exactly that. Ten times as fast as splitting.
    """
    buffer = np.frombuffer(b"   " + b" ".join(texts) + b" ", dtype=np.uint8)
    digits = buffer - np.uint8(ord("0"))  # a space becomes 240, other characters 10 or more
    ends = np.flatnonzero(buffer[3:] == ord(" "))  # of the numbers, in characters of the texts
    ones, tens, hundreds = (digits[3 - place:][ends] for place in (1, 2, 3))
    has_tens = tens <= 9
    has_hundreds = has_tens & (hundreds <= 9)
    num_digits = len(ends) + np.count_nonzero(has_tens) + np.count_nonzero(has_hundreds)
    text_ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    if (
        len(ends) != len(texts) * num_pixels
        or not np.array_equal(ends[num_pixels - 1::num_pixels], text_ends)
        or ones.max() > 9
        or num_digits != np.count_nonzero(digits <= 9)
        or num_digits + len(ends) + 3 != len(buffer)
    ):
        return None
    values = ones + tens * has_tens * np.uint8(10) + (hundreds * has_hundreds) * np.uint16(100)
    return values.astype(np.uint8).reshape(-1, num_pixels) if values.max() <= 255 else None


def shown(raw):
    """Return bytes of a file as short printable text in quotes."""
    return repr(raw[:40].decode("utf-8", errors="replace"))
