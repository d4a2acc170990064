"""Reads fer2013.csv and CSV files like it, row by row, and checks every value.

Source of the format: Kaggle's "Challenges in Representation Learning: Facial Expression
Recognition Challenge", 2013.
"""

import gzip
import hashlib
from itertools import count
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io.facesamples import FaceSample, known_name
from pipeline.process.terminal import track_bytes

EXPECTED = "a CSV file like Kaggle's fer2013.csv, with the columns emotion, pixels and Usage"

# A row of 2304 pixels has at most 9.3 kB; a longer line is not a row of this data set.
LONGEST_LINE = 1 << 16
MOST_BLANK_LINES = 1000


class RowSamples:
    """Iterates over the rows of a CSV file (plain, or gzip if its name ends in .gz) as FaceSamples.

    The columns emotion, pixels and Usage may have any order; Usage may be missing. Emotions are
    numbers, indices of `numbered`, or words if the first row has a word; words: as known_name takes
    them. splits: {Usage: split}; capital and small letters are the same. A file with Usages of
    `whole` alone must have all of them. After the last row `sha256` is the digest of the file's
    uncompressed bytes. Raises UserError with the number of the first wrong line.
    """

    def __init__(self, path, image_size, *, numbered, words, splits, whole=()):
        self.path = Path(path)
        self.image_size = image_size
        self.numbered = {str(number): name for number, name in enumerate(numbered)}
        self.words = words
        self.splits = splits
        self.whole = whole
        self.has_words = None
        self.sha256 = None
        self._usages = {usage.lower(): usage for usage in splits}

    def __iter__(self):
        digest, found = hashlib.sha256(), set()
        with open(self.path, "rb") as file, reading(self.path, EXPECTED):
            stream = gzip.GzipFile(fileobj=file) if self.path.suffix == ".gz" else file
            lines = self._lines(stream, digest)
            columns = self._columns(*next(lines, (1, "")))
            size = self.path.stat().st_size
            for number, line in track_bytes(lines, file.tell, size, "building"):
                usage, sample = self._row(number, line, columns)
                found.add(usage)
                yield sample
        missing = [usage for usage in self.whole if usage not in found]
        if missing and found and found <= set(self.whole):
            raise UserError(f"{self.path}: no row with Usage {missing[0]}; expected the whole "
                            "fer2013.csv, or a file without Usage; or give --only test")
        self.sha256 = digest.hexdigest()

    def _lines(self, stream, digest):
        """Yield (line number, text) of every line that is not blank."""
        blank = 0
        for number in count(1):
            line = stream.readline(LONGEST_LINE)
            if not line:
                return
            digest.update(line)
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
            blank += not text
            if len(line) == LONGEST_LINE or blank > MOST_BLANK_LINES:
                raise self._error(number, f"a line of over {LONGEST_LINE} bytes, or over "
                                  f"{MOST_BLANK_LINES:,} blank ones", "rows")
            if text:
                yield number, text

    def _columns(self, number, header):
        """Return the names of the columns, in small letters."""
        columns = [name.strip(' "').lower() for name in header.split(",")]
        for name in ("emotion", "pixels"):
            if name not in columns:
                raise self._error(number, f"no column {name} in the header", EXPECTED)
        return columns

    def _row(self, number, line, columns):
        """Return the Usage of a row, or None, and its FaceSample."""
        fields = [field.strip(' "') for field in line.split(",")]
        if len(fields) != len(columns):
            raise self._error(number, f"{len(fields)} columns", len(columns))
        row = dict(zip(columns, fields))
        name, usage = self._class_name(number, row["emotion"]), None
        if "usage" in row:
            usage = self._usages.get(row["usage"].lower())
            if usage is None:
                raise self._error(number, f"Usage {row['usage'][:40]!r}",
                                  "one of " + ", ".join(self.splits))
        return usage, FaceSample(self._image(number, row["pixels"]), name, self.splits.get(usage))

    def _class_name(self, number, emotion):
        is_word = emotion[:1].isalpha()
        if self.has_words is None:
            self.has_words = is_word
        if self.has_words and is_word:
            return known_name(emotion, self.words)
        if not self.has_words and emotion in self.numbered:
            return self.numbered[emotion]
        raise self._error(number, f"emotion {emotion[:40]!r}", "a word, as in the first row"
                          if self.has_words else f"0 to {len(self.numbered) - 1}; give --classes "
                          "8 if 7 is contempt, or --class-names a name for each number")

    def _image(self, number, text):
        """Return the pixels (image_size, image_size) uint8 of a row."""
        if text.isascii() and text.replace(" ", "").isdecimal():
            pixels = np.fromstring(text, dtype=np.int64, sep=" ")  # five times as fast as split()
            if len(pixels) == self.image_size**2 and pixels.max() <= 255:
                return pixels.astype(np.uint8).reshape(self.image_size, -1)
        raise self._error(number, f"{len(text.split())} pixels {text[:40]!r}",
                          f"{self.image_size**2} whole numbers from 0 to 255")

    def _error(self, number, found, expected):
        return UserError(f"{self.path}, line {number}: found {found}, expected {expected}")
