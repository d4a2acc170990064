"""Reads FER+, the votes of ten people for each image of FER2013.

Source: Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", 2016; its file is fer2013new.csv.
"""

import csv
import os

import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading

# Column of FER+ -> class names; the first one that the data set has is taken.
COLUMNS = {"neutral": ("neutral",), "happiness": ("happy",), "surprise": ("surprise",),
           "sadness": ("sad",), "anger": ("angry",), "disgust": ("disgust", "angry"),
           "fear": ("fear",), "contempt": ("contempt",), "unknown": (), "NF": ()}
EXPECTED = "FER+'s fer2013new.csv"
LARGEST_FILE = 1 << 23  # bytes; FER+'s has 1.8 million

# Of so many images in a row FER2013's label has most votes on 49 to 75 %; if the images are
# shifted by a row, on at most 29 %.
ROWS_TOGETHER = 100
LEAST_IN_COMMON = 0.4


def read_ferplus(path, class_names):
    """Return {Usage: the shares of the votes, (N, classes) float32}, in the order of fer2013.csv.

    As the authors do it, one vote for a class counts as none. Votes for unknown, no face, or a
    class not in class_names count in the total, so a row may sum up to less than 1. A row is all
    zero if most votes are for unknown or no face. Raises UserError if the file is not FER+'s.
    """
    if os.path.getsize(path) > LARGEST_FILE:
        raise UserError(f"{path}: has over {LARGEST_FILE:,} bytes, expected {EXPECTED}")
    votes = {}
    with open(path, newline="", encoding="utf-8-sig") as file, reading(path, EXPECTED):
        reader = csv.DictReader(file)
        missing = {"Usage", *COLUMNS} - set(reader.fieldnames or ())
        if missing:
            raise UserError(f"{path}: no column {min(missing)}, expected {EXPECTED}")
        for row in reader:
            votes.setdefault(row["Usage"], []).append([int(row[name] or "") for name in COLUMNS])
        return {usage: _shares(np.array(rows, dtype=np.int32), class_names)
                for usage, rows in votes.items()}


def labels_of_votes(path, class_names, weight, labels, usages):
    """Return what is learned from the votes: the labels, a list, and {"targets", "votes"}.

    weight: of the votes in the targets, 0-1; FER2013's label has the rest. A new label is the peak
    of the targets, or None if no class has votes. targets: (N, classes) float32 that sum up to 1.
    The other arguments, votes, and what is raised: as of votes_of.
    """
    votes = votes_of(path, class_names, labels, usages)
    targets = weight * votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-9)
    targets[np.arange(len(labels)), labels] += 1 - weight
    peaks = [int(target.argmax()) if row.any() else None for target, row in zip(targets, votes)]
    return peaks, {"targets": targets, "votes": votes}


def votes_of(path, class_names, labels, usages):
    """Return the shares of the votes on each image, (N, classes) float32, as read_ferplus has them.

    labels, usages: class index and Usage of each row of fer2013.csv, in its order. Raises UserError
    if the file has fewer rows of a Usage, or the labels of ROWS_TOGETHER images in a row have
    little in common with the votes: the images are others, or in another order.
    """
    shares, labels, usages = read_ferplus(path, class_names), np.array(labels), np.array(usages)
    votes = np.empty((len(labels), len(class_names)), dtype=np.float32)
    for usage in set(usages.tolist()):
        rows = np.flatnonzero(usages == usage)
        found = shares.get(usage, votes[:0])
        if len(found) < len(rows):
            raise UserError(f"{path}: has {len(found)} rows of {usage}, found {len(rows)} images "
                            "of it; expected fer2013.csv's rows in Kaggle's order")
        votes[rows] = found[:len(rows)]
        rows = rows[votes[rows].any(axis=1)]
        same = votes[rows].argmax(axis=1) == labels[rows]
        for end in range(ROWS_TOGETHER, len(same) + 1, ROWS_TOGETHER):
            in_common = same[end - ROWS_TOGETHER:end].mean()
            if in_common < LEAST_IN_COMMON:
                raise UserError(f"{path}: its votes agree with the labels of {in_common:.0%} of "
                                f"{ROWS_TOGETHER} images of {usage} in a row, expected about 65 "
                                "%; the images must stand in Kaggle's order, every one of them")
    return votes


def _shares(votes, class_names):
    """Return the shares (N, classes) of votes (N, columns)."""
    votes = np.where(votes > 1, votes, 0)
    shares = np.zeros((len(votes), len(class_names)), dtype=np.float32)
    for column, names in zip(votes.T / np.maximum(votes.sum(axis=1), 1), COLUMNS.values()):
        known = [name for name in names if name in class_names]
        if known:
            shares[:, class_names.index(known[0])] += column
    peaks = np.array(list(COLUMNS))[votes.argmax(axis=1)]
    shares[np.isin(peaks, ("unknown", "NF"))] = 0
    return shares
