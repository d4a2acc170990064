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
    of each class. Samples with the same pixels, or of one group, get one split.
    """
    wanted = [split for split in ("test", "val") if split not in {one.split for one in samples}]
    splits = [None if label is None else sample.split for sample, label in zip(samples, labels)]
    rows = [row for row, label in enumerate(labels)
            if label is not None and samples[row].split in (None, "train")]
    if wanted and rows:
        units, first = [], {}
        for row in rows:
            pixels = hashlib.sha256(samples[row].image.tobytes()).digest()
            units.append(first.setdefault(pixels, samples[row].group or pixels))
        drawn = draw_splits([labels[row] for row in rows], units, wanted, share=share, seed=seed)
        for row, split in zip(rows, drawn):
            splits[row] = split
    return splits


def draw_splits(labels, units, wanted, *, share, seed):
    """Return the split of each sample, "train" or one of `wanted`, (N,) list of str.

    labels: (N,) class indices. units: (N,) keys; the samples of a unit get one split. Of
    scikit-learn's folds those become val and test whose sizes are closest to `share`; if the
    largest class has fewer units than folds, there are fewer, larger folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    numbers = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    units = np.array([numbers[unit] for unit in units])
    units_of = Counter(label for label, _ in set(zip(labels, units.tolist())))
    rows = np.flatnonzero([units_of[label] >= LEAST_DRAWN for label in labels])
    splits = np.full(len(labels), "train", dtype=object)
    if len(rows):
        folds = StratifiedGroupKFold(min(round(1 / share), max(units_of.values())),
                                     shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a class with fewer samples than folds
            found = [rows[fold] for _, fold in folds.split(rows, np.array(labels)[rows],
                                                           units[rows])]
        found = sorted(filter(len, found), key=lambda fold: abs(len(fold) - share * len(rows)))
        for split, fold in zip(wanted, found):
            splits[fold] = split
    return splits.tolist()


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
