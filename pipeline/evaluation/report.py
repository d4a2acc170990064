"""Shows and keeps the result of an evaluation."""

import json

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.evaluation.plots import plot_confusion_matrix
from pipeline.files.wholefile import whole_file
from pipeline.terminal import printable


def write(result, path):
    """Write the JSON and the picture of the confusion matrix: `path` with their suffixes."""
    with whole_file(path.with_name(path.name + ".json")) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n")
    title = f"{printable(result['model'])} on {result['split']}: {result['accuracy']:.2%}"
    with whole_file(path.with_name(path.name + ".png")) as partial:
        plot_confusion_matrix(result["confusion_matrix"], tuple(result["per_class"]), title,
                              partial)
    print(f"written: {printable(path)}.json and .png")


def show(result):
    """Print the measures: a table of the classes and a line for each set of images."""
    table = Table("class", "precision", "recall", "F1", "images",
                  title=Text(f"{printable(result['model'])} on the {result['split']} split"))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in result["per_class"].items():
        table.add_row(escape(name), f"{row['precision']:.1%}", f"{row['recall']:.1%}",
                      f"{row['f1']:.1%}", f"{row['images']:,}")
    Console().print(table)
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
