"""Assigns the samples of a data set to train, val and test."""

import hashlib
import warnings
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from pipeline.errors import UserError

LEAST_DRAWN = 3  # a class with fewer units is for training alone


class FaceSample(NamedTuple):
    """A face of a data set.

    image: size * size values uint8. class_name: str. split: "train", "val", "test", or None if
    it is to be drawn. group: samples of one group get one split, such as those of a person; None
    for no group.
    """

    image: np.ndarray
    class_name: str
    split: str | None = None
    group: str | None = None


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
        units = joined_units([hashlib.sha256(samples[row].image.tobytes()).digest()
                              for row in rows], [samples[row].group for row in rows])
        drawn = draw_splits([labels[row] for row in rows], units, wanted, share=share, seed=seed)
        for row, split in zip(rows, drawn):
            splits[row] = split
    return splits


def draw_splits(labels, units, wanted, *, share, seed):
    """Return the split of each sample, "train" or one of `wanted`, (N,) list of str.

    labels: (N,) class indices. units: (N,) numbers; the samples of a unit get one split. Of the
    folds of scikit-learn's StratifiedGroupKFold those become val and test whose sizes are closest
    to `share`; if the largest class has fewer units than folds, there are fewer, larger folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    labels, units = np.array(labels), np.array(units)
    units_of = defaultdict(set)
    for label, unit in zip(labels.tolist(), units.tolist()):
        units_of[label].add(unit)
    rows = np.flatnonzero([len(units_of[label]) >= LEAST_DRAWN for label in labels.tolist()])
    splits = np.full(len(labels), "train", dtype=object)
    if len(rows):
        number = min(round(1 / share), max(map(len, units_of.values())))
        folds = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a class with fewer samples than folds
            found = [rows[fold] for _, fold in folds.split(rows, labels[rows], units[rows])]
        found = sorted(filter(len, found), key=lambda fold: abs(len(fold) - share * len(rows)))
        for split, fold in zip(wanted, found):
            splits[fold] = split
    return splits.tolist()


def joined_units(*keys):
    """Return the number of each sample's unit, (N,) list of int.

    keys: lists (N,). Samples with a common entry, other than None, are one unit; so are samples
    that others connect.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = [(0, 0)]
    for entries in keys:
        first = {}
        edges += [(row, first.setdefault(entry, row))
                  for row, entry in enumerate(entries) if entry is not None]
    starts, ends = zip(*edges)
    graph = coo_array((np.ones(len(edges)), (starts, ends)), shape=(len(keys[0]),) * 2)
    return connected_components(graph, directed=False)[1].tolist()


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
            for split in ("train", "val", "test") if split in splits}


def require_all_splits(source, counts):
    """Raise UserError if a split has no sample."""
    for split in ("train", "val", "test"):
        if split not in counts:
            raise UserError(f"{source}: no image for {split}.hdf5: it has too few different "
                            "images, or too few groups of them, to draw a tenth of a class from; "
                            "add some, or say which are of which split")
