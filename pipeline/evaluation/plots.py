"""Draws training curves, confusion matrices, and the figures of other modules, without pyplot."""

import io
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

DPI = 200
TRAINING, VALIDATION = "#4c78a8", "#e45756"


@contextmanager
def figure_for(path, width, height):
    """Yield a Figure, sides in inches, and write it to a file in the format of its suffix."""
    with (rc_context({"text.parse_math": False}),  # a $ in a name is no formula
          warnings.catch_warnings()):
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a box is drawn instead
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        suffix = Path(path).suffix[1:].lower()
        known = suffix in figure.canvas.get_supported_filetypes()  # a pipe's is not
        content = io.BytesIO()
        figure.savefig(content, dpi=DPI, format=suffix if known else "png")
    Path(path).write_bytes(content.getvalue())


def plot_training(history, title, path):
    """Draw the accuracy and the loss of training and validation by epoch.

    history: {"accuracy", "val_accuracy", "loss", "val_loss": values of the epochs from 1 on}.
    """
    with figure_for(path, 11, 4.2) as figure:
        axes = figure.subplots(1, 2)
        epochs = range(1, len(history["loss"]) + 1)
        marker = "." if len(epochs) == 1 else None
        for axis, name in zip(axes, ("accuracy", "loss")):
            axis.plot(epochs, history[name], marker=marker, color=TRAINING, label="training")
            axis.plot(epochs, history[f"val_{name}"], marker=marker, color=VALIDATION,
                      label="validation")
            last = max(2, len(epochs))
            axis.set(xlabel="epoch", ylabel=name, xlim=(1, last),
                     xticks=np.unique(np.linspace(1, last, num=8).round()))
            axis.grid(alpha=0.25)
            axis.spines[["top", "right"]].set_visible(False)
        best = max(epochs, key=lambda epoch: history["val_accuracy"][epoch - 1])
        accuracy = history["val_accuracy"][best - 1]
        axes[0].plot(best, accuracy, "o", color=VALIDATION, clip_on=False,
                     label=f"{accuracy:.2%} after epoch {best}")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                      frameon=False)
        figure.suptitle(title)


def plot_confusion_matrix(matrix, class_names, title, path):
    """Draw how often each true class (rows) was predicted as each class (columns)."""
    rows = [[count / max(sum(row), 1) for count in row] for row in matrix]
    side = max(5.4, 0.55 * len(class_names))
    with figure_for(path, side + 0.8, side) as figure:
        axis = figure.subplots()
        image = axis.imshow(rows, cmap="Blues", vmin=0, vmax=1)
        for y, row in enumerate(rows):
            for x, share in enumerate(row):
                axis.text(x, y, f"{share:.0%}\n{matrix[y][x]}", ha="center", va="center",
                          fontsize=9, color="white" if share > 0.5 else "black")
        axis.set_xticks(range(len(class_names)), class_names, rotation=30)
        axis.set_yticks(range(len(class_names)), class_names)
        axis.set(xlabel="predicted", ylabel="true", title=title)
        figure.colorbar(image, format="{x:.0%}", shrink=0.8, label="share of the true class")
