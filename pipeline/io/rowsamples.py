"""The rows of a CSV file as FaceSamples."""

from pipeline.errors import UserError
from pipeline.io.classnames import known_name
from pipeline.io.facesamples import FaceSample
from pipeline.io.fer2013 import FER2013Reader
from pipeline.terminal import track_bytes


class RowSamples:
    """Iterates over the FaceSamples of a CSV file as FER2013Reader takes it.

    numbered: names of the classes by their numbers, in `remedy` what to do about other numbers.
    words: as known_name takes them. splits: {Usage: split}; of `whole`, some of those,
    a file has all or none. Raises UserError as the reader does.
    """

    def __init__(self, path, image_size, *, numbered, remedy, words, splits, whole):
        self.path = path
        self.numbered = numbered
        self.words = words
        self.splits = splits
        self.whole = whole
        self.usages = set()  # that there were
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
        """Raise UserError if a Usage is missing that can only be missing by mistake."""
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
