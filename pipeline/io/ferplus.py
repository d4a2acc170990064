"""Reads FER+, ten people's votes for each image of FER2013.

Source: Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", 2016; its file is fer2013new.csv.
"""

import csv

import numpy as np

from pipeline.errors import UserError

# FER+ column -> class names, the first that a network has.
COLUMNS = {"neutral": ("neutral",), "happiness": ("happy",), "surprise": ("surprise",),
           "sadness": ("sad",), "anger": ("angry",), "disgust": ("disgust", "angry"),
           "fear": ("fear",), "contempt": ("contempt",), "unknown": (), "NF": ()}
EXPECTED = "expected FER+'s fer2013new.csv"

# Of this many images in a row, FER2013's label is the votes' peak on 49 to 75 of 100, and on at
# most 29 of 100 where the images stand one row off.
ROWS_TOGETHER = 100
LEAST_IN_COMMON = 0.4


def read_ferplus(path, class_names):
    """Return {Usage: the share of the votes of each class, (N, classes) float32}.

    The rows of a Usage stand in the order of fer2013.csv. As the authors do it, a class that has
    one vote has none, and what is unknown, no face or none of class_names counts as votes, so a
    row may have a sum below 1. A row whose votes' peak is unknown or no face, or that has no vote
    for a class, is all zero. Raises UserError if the file is not FER+'s.
    """
    try:
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            reader = csv.DictReader(file)
            missing = {"Usage", *COLUMNS} - set(reader.fieldnames or ())
            if missing:
                raise UserError(f"{path}: no column {sorted(missing)[0]}, {EXPECTED}")
            votes = {}
            for row in reader:
                votes.setdefault(row["Usage"], []).append(
                    _votes(row, f"{path}, line {reader.line_num}"))
    except csv.Error as error:
        raise UserError(f"{path}: not a table ({error}), {EXPECTED}") from None
    return {usage: _shares(np.array(rows), class_names) for usage, rows in votes.items()}


class FERPlusLabels:
    """Gives the rows of fer2013.csv, one after the other, the labels of people's votes.

    weight: of the votes in the targets, 0-1; FER2013's label has the rest. `left_out` counts the
    rows that the votes have no class for. Raises UserError where rows and votes do not fit.
    """

    def __init__(self, path, class_names, weight):
        self.path = path
        self.weight = np.float32(weight)
        self.left_out = 0
        self._shares = read_ferplus(path, class_names)
        self._labels = {usage: [] for usage in self._shares}  # FER2013's

    def relabel(self, label, usage):
        """Return (label, {"targets": (classes,) float32, "agreement": float}) of the next row.

        label: FER2013's class index. The targets sum up to 1, the label is their peak, agreement
        the share of all votes that it has. None for a row to leave out.
        """
        labels = self._labels.setdefault(usage, [])
        require_rows(self.path, self._shares, usage, len(labels) + 1)
        shares = self._shares[usage][len(labels)]
        labels.append(label)
        if not shares.any():
            self.left_out += 1
            return None
        targets = self.weight * shares / shares.sum()
        targets[label] += 1 - self.weight
        label = targets.argmax()
        return label, {"targets": targets, "agreement": shares[label]}

    def require_fit(self):
        """Raise UserError if the rows that came were not those that people voted on."""
        for usage, labels in self._labels.items():
            require_fit(self.path, self._shares[usage][:len(labels)], labels, usage)


def require_rows(path, shares, usage, count):
    """Raise UserError if there are votes for fewer than `count` images of a Usage."""
    found = len(shares.get(usage, ()))
    if found < count:
        raise UserError(f"{path}: has {found} rows of {usage}, found {count} images of it or "
                        "more; expected fer2013.csv's rows in Kaggle's order")


def require_fit(path, shares, labels, usage):
    """Raise UserError if FER2013's labels, (N,) class indices of a Usage, are of other images.

    shares: (N, classes). Images that stand off by a row have little in common with the votes.
    """
    counted = shares.any(axis=1)
    same = (shares.argmax(axis=1) == labels)[counted]
    rows = np.flatnonzero(counted)
    for end in range(ROWS_TOGETHER, len(same) + 1, ROWS_TOGETHER):
        in_common = same[end - ROWS_TOGETHER:end].mean()
        if in_common < LEAST_IN_COMMON:
            raise UserError(f"{path}: its votes agree with the labels of {in_common:.0%} of the "
                            f"images of {usage} up to the {rows[end - 1] + 1:,}th, expected about "
                            "65 %; the images must stand in Kaggle's order, every one of them")


def _votes(row, place):
    texts = [row[name] or "" for name in COLUMNS]
    if not all(text.isdecimal() and len(text) < 4 for text in texts):
        raise UserError(f"{place}: a vote is no number, {EXPECTED}")
    return [int(text) for text in texts]


def _shares(votes, class_names):
    """Return the shares (N, classes) of rows of votes (N, columns)."""
    votes = np.where(votes > 1, votes, 0)
    shares = np.zeros((len(votes), len(class_names)), dtype=np.float32)
    for column, names in zip(votes.T / np.maximum(votes.sum(axis=1), 1), COLUMNS.values()):
        known = [name for name in names if name in class_names]
        if known:
            shares[:, class_names.index(known[0])] += column
    peaks = np.array(list(COLUMNS))[votes.argmax(axis=1)]
    shares[np.isin(peaks, ("unknown", "NF"))] = 0
    return shares
