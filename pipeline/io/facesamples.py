"""The faces of a data set before they are written: their classes and their splits."""

import hashlib
import unicodedata
import warnings
from collections import Counter
from typing import NamedTuple

import numpy as np

from pipeline.errors import UserError

SPLITS = ("train", "val", "test")
MOST_CLASSES = 256  # labels are stored in a byte
LONGEST_NAME = 64
LEAST_DRAWN = 3  # a class with fewer units is for training alone


class FaceSample(NamedTuple):
    """A face of a data set.

    image: (size, size) uint8. split: "train", "val", "test", or None if it is to be drawn.
    group: samples of one group, such as those of a person, get one split; None for no group.
    """

    image: np.ndarray
    class_name: str
    split: str | None = None
    group: str | None = None


def known_name(word, words):
    """Return the class name of a word.

    words: {word in small letters: class name}. A new word is added as it is spelled; capital and
    small letters, and composed and decomposed ones (NFC), are the same.
    """
    word = unicodedata.normalize("NFC", word.strip())
    return words.setdefault(word.casefold(), word)


def class_index(name, class_names, counts_as):
    """Return the index of a class in class_names, or of the class it counts as, or None."""
    name = name if name in class_names else counts_as.get(name)
    return class_names.index(name) if name in class_names else None


def completed_splits(samples, labels, *, share, seed):
    """Return the splits of FaceSamples, (N,) list of str, where missing splits are drawn.

    labels: (N,) class indices; a sample with the label None is left out, and its split is None.
    val and test are drawn from the samples for training and those without a split, about `share`
    of each class: the folds of scikit-learn whose sizes are closest to it, or larger ones of small
    classes. A unit, samples with the same pixels or of one group, gets one split.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    wanted = [split for split in ("test", "val") if split not in {one.split for one in samples}]
    splits = [None if label is None else sample.split or "train"
              for sample, label in zip(samples, labels)]
    units, first = {}, {}  # by row
    for row in (row for row, split in enumerate(splits) if split == "train"):
        pixels = hashlib.sha256(samples[row].image.tobytes()).digest()
        unit = first.setdefault(pixels, samples[row].group or pixels)
        units[row] = first.setdefault(("number", unit), len(first))
    units_of = Counter(label for label, _ in {(labels[row], unit) for row, unit in units.items()})
    rows = [row for row in units if units_of[labels[row]] >= LEAST_DRAWN]
    if not wanted or not rows:
        return splits
    folds = StratifiedGroupKFold(min(round(1 / share), max(units_of.values())), shuffle=True,
                                 random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with fewer samples than folds
        found = [fold for _, fold in folds.split(rows, [labels[row] for row in rows],
                                                 [units[row] for row in rows]) if len(fold)]
    found.sort(key=lambda fold: abs(len(fold) - share * len(rows)))
    for split, fold in zip(wanted, found):
        for place in fold:
            splits[rows[place]] = split
    return splits


def splits_for_testing(samples, labels):
    """Return (N,) list of "test" or None: "test" for the test split if any, else for all."""
    splits = {sample.split for sample in samples}
    chosen = {"test"} & splits or splits
    return ["test" if label is not None and sample.split in chosen else None
            for sample, label in zip(samples, labels)]


def counts_of(labels, splits, class_names):
    """Return {split: samples of each class, (classes,) int} of the splits that have samples."""
    return {split: np.bincount([label for label, other in zip(labels, splits) if other == split],
                               minlength=len(class_names))
            for split in SPLITS if split in splits}


def require_names(source, class_names):
    """Raise UserError if a network cannot have these classes."""
    for name in class_names:
        if not (name.isprintable() and 0 < len(name) <= LONGEST_NAME):
            raise UserError(f"{source}: a class named {name!a}, expected 1 to "
                            f"{LONGEST_NAME} printable characters")
    if not 2 <= len(class_names) <= MOST_CLASSES:
        raise UserError(f"{source}: {len(class_names)} classes, {', '.join(class_names[:1])}; "
                        f"expected 2 to {MOST_CLASSES}")
