"""Draws the splits that a data set does not have."""

from collections import Counter, defaultdict

import numpy as np

LEAST_DRAWN = 3  # of a class with fewer units all are for training


def draw_splits(classes, units, wanted, *, share, seed):
    """Return the split of each sample, "train" or one of `wanted`, (N,) list of str.

    classes: (N,) class names. units: (N,) what must not be parted: samples of one unit get one
    split. Each of `wanted` gets about `share` of the samples of every class: units come in an
    order drawn from the seed, and each goes where it brings the classes closest to that.
    """
    members = defaultdict(list)
    for index, unit in enumerate(units):
        members[unit].append(index)
    names = sorted(set(classes))
    number = {name: index for index, name in enumerate(names)}
    contents = {unit: np.bincount([number[classes[index]] for index in indices],
                                  minlength=len(names)) for unit, indices in members.items()}
    goals = _goals(contents, share)
    missing = {split: goals.copy() for split in wanted}
    order = list(members)
    np.random.default_rng(seed).shuffle(order)
    splits = ["train"] * len(classes)
    for unit in order:
        gains = {split: np.abs(missing[split]).sum()
                 - np.abs(missing[split] - contents[unit]).sum() for split in wanted}
        best = max(gains, key=gains.get, default=None)
        if best and gains[best] > 0:
            missing[best] -= contents[unit]
            for index in members[unit]:
                splits[index] = best
    return splits


def joined_units(*keys):
    """Return for each sample the number of its unit, (N,) list of int.

    keys: lists (N,); samples that have an entry in common, other than None, are one unit, and so
    are those that others join.
    """
    parents = list(range(len(keys[0])))

    def root(index):
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for entries in keys:
        first = {}
        for index, entry in enumerate(entries):
            if entry is not None:
                parents[root(index)] = root(first.setdefault(entry, index))
    return [root(index) for index in range(len(parents))]


def _goals(contents, share):
    """Return how many samples of each class a drawn split should have, (classes,) float."""
    counts = sum(contents.values())
    units = Counter()
    for content in contents.values():
        units.update(np.flatnonzero(content).tolist())
    drawn = np.array([units[number] >= LEAST_DRAWN for number in range(len(counts))])
    return np.where(drawn, np.maximum(1, counts * share), 0.0)


def completed_splits(samples, labels, *, share, seed):
    """Return the splits of FaceSamples where those that are not given are drawn.

    labels: (N,) class indices, None for a sample that no split gets. val and test are drawn from
    what is for training or not told. Returns (N,) list of str or None.
    """
    given = set(samples.splits)
    wanted = [split for split in ("test", "val") if split not in given]
    splits = [split if label is not None else None
              for split, label in zip(samples.splits, labels)]
    open_to = [index for index, label in enumerate(labels)
               if label is not None and samples.splits[index] in (None, "train")]
    if not wanted or not open_to:
        return splits
    units = joined_units([samples.digests[index] for index in open_to],
                         [samples.groups[index] for index in open_to])
    drawn = draw_splits([labels[index] for index in open_to], units, wanted, share=share, seed=seed)
    for index, split in zip(open_to, drawn):
        splits[index] = split
    return splits


def splits_for_testing(splits, labels):
    """Return (N,) list of "test" or None: the test split where there is one, else all samples."""
    chosen = {"test"} & set(splits) or set(splits)
    return ["test" if label is not None and split in chosen else None
            for split, label in zip(splits, labels)]
