"""Prints and writes the result of an evaluation."""

import json
import os
from contextlib import suppress
from pathlib import Path

from pipeline.errors import UserError
from pipeline.evaluation.plots import plot_confusion_matrix
from pipeline.files.wholefile import whole_file
from pipeline.process.terminal import print_table, printable


def require_own(path, identity):
    """Raise UserError if the file at `path` is not an evaluation of this model and data.

    identity: {"model_sha256", "dataset_sha256", "split": values}.
    """
    if not path.exists():
        return
    with suppress(ValueError, AttributeError):
        earlier = json.loads(path.read_text())
        if all(earlier.get(name) == value for name, value in identity.items()):
            return
    raise UserError(f"{path}: is of another model or other data, and would be replaced; give "
                    "another --name or --output")


def write(result, json_path, picture):
    """Write the JSON and the picture of the confusion matrix, in the format of its suffix."""
    with whole_file(json_path) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n")
    with whole_file(picture) as partial:
        plot_confusion_matrix(result["confusion_matrix"], tuple(result["per_class"]),
                              f"{title_of(result)}\naccuracy {result['accuracy']:.2%}", partial)


def title_of(result):
    """Return the name of an evaluation, with the last two parts of both paths."""
    model, dataset = (printable(os.path.join(*Path(result[name]).parts[-2:]))
                      for name in ("model", "dataset"))
    return f"{model} on {dataset}, {result['split']} split"


def show(result):
    """Print the measures: a table of the classes and a line for each set of images."""
    print_table(title_of(result), ("class", "precision", "recall", "F1", "images"), (
        (name, f"{row['precision']:.1%}", f"{row['recall']:.1%}", f"{row['f1']:.1%}",
         f"{row['images']:,}") for name, row in result["per_class"].items()))
    print(f"{_accuracy(result)}, loss {result['loss']:.4f}, macro F1 {result['macro_f1']:.2%}, "
          f"calibration error {result['calibration_error']:.2%}")
    for name, meaning in (("unseen", "not in the training split"),
                          ("votes", "by FER+'s votes"),
                          ("majority", "where more than half of the votes agree")):
        if result.get(name, {}).get("images"):
            print(f"{meaning}: {_accuracy(result[name])}")


def _accuracy(measures):
    low, high = measures["accuracy_interval"]
    return (f"accuracy {measures['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}) on "
            f"{measures['images']:,} images")
