"""Reads FER+, ten people's votes for each image of FER2013.

Source: Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", 2016; its file is fer2013new.csv.
"""

import csv
import os

import numpy as np

from pipeline.errors import UserError

# FER+ column -> class names, the first that a network has.
COLUMNS = {"neutral": ("neutral",), "happiness": ("happy",), "surprise": ("surprise",),
           "sadness": ("sad",), "anger": ("angry",), "disgust": ("disgust", "angry"),
           "fear": ("fear",), "contempt": ("contempt",), "unknown": (), "NF": ()}
EXPECTED = "expected FER+'s fer2013new.csv"
LARGEST_FILE = 1 << 23  # bytes; FER+'s has 1.8 million

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
    if os.path.getsize(path) > LARGEST_FILE:
        raise UserError(f"{path}: has over {LARGEST_FILE:,} bytes, {EXPECTED}")
    try:
        with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
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


def labels_of_votes(path, class_names, weight, labels, usages):
    """Return what the votes make of FER2013's labels: (labels, values), lists as long as they.

    labels: class indices of the rows of fer2013.csv, in its order; usages: their Usages. weight:
    of the votes in the targets, 0-1; FER2013's label has the rest. values: {"targets": (classes,)
    float32 that sum up to 1, "votes": (classes,) float32, as of read_ferplus} of each row; its new
    label is the targets' peak. The label is None for a row that the votes have no class for.
    Raises UserError if the file is not FER+'s or its rows do not fit.
    """
    shares = read_ferplus(path, class_names)
    labels, found, values = np.array(labels), [], []
    rows = np.empty((len(labels), len(class_names)), dtype=np.float32)
    for usage in set(usages):
        of_usage = [number for number, other in enumerate(usages) if other == usage]
        require_rows(path, shares, usage, len(of_usage))
        rows[of_usage] = shares[usage][:len(of_usage)]
        require_fit(path, rows[of_usage], labels[of_usage], usage)
    for label, row in zip(labels, rows):
        targets = np.float32(weight) * row / max(row.sum(), np.float32(1e-9))
        targets[label] += np.float32(1 - weight)
        found.append(targets.argmax() if row.any() else None)
        values.append({"targets": targets, "votes": row})
    return found, values


def require_rows(path, shares, usage, count):
    """Raise UserError if there are votes for fewer than `count` images of a Usage."""
    found = len(shares.get(usage, ()))
    if found < count:
        raise UserError(f"{path}: has {found} rows of {usage}, found {count} images of it; "
                        "expected fer2013.csv's rows in Kaggle's order")


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
