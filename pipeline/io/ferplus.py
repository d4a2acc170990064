"""Reads FER+, ten people's votes for each image of FER2013.

Source: Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", 2016; its file is fer2013new.csv.
"""

import csv

import numpy as np

from pipeline.errors import UserError

# FER+ column -> class names, the first that a network has. Contempt has none.
COLUMNS = {"neutral": ("neutral",), "happiness": ("happy",), "surprise": ("surprise",),
           "sadness": ("sad",), "anger": ("angry",), "disgust": ("disgust", "angry"),
           "fear": ("fear",), "contempt": (), "unknown": (), "NF": ()}
NO_LABEL = -1
EXPECTED = "expected FER+'s fer2013new.csv"


def read_ferplus(path, usage, count, class_names):
    """Return the majority's class index for the first `count` images of a Usage, (count,) int.

    The rows stand in the order of fer2013.csv. NO_LABEL where most votes are tied or went to
    what is none of class_names. Raises UserError if the file is not FER+'s or has fewer rows.
    """
    try:
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            reader = csv.DictReader(file)
            missing = {"Usage", *COLUMNS} - set(reader.fieldnames or ())
            if missing:
                raise UserError(f"{path}: no column {sorted(missing)[0]}, {EXPECTED}")
            labels = [_majority(row, class_names, f"{path}, line {reader.line_num}")
                      for row in reader if row["Usage"] == usage]
    except csv.Error as error:
        raise UserError(f"{path}: not a table ({error}), {EXPECTED}") from None
    if len(labels) < count:
        raise UserError(f"{path}: has {len(labels)} rows of {usage}, the database {count} images")
    return np.array(labels[:count])


def _majority(row, class_names, place):
    try:
        votes = {name: int(row[name]) for name in COLUMNS}
    except (TypeError, ValueError):
        raise UserError(f"{place}: a vote is no number, {EXPECTED}") from None
    most = [name for name, count in votes.items() if count == max(votes.values())]
    names = [name for name in COLUMNS[most[0]] if name in class_names]
    return class_names.index(names[0]) if len(most) == 1 and names else NO_LABEL
