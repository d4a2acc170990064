"""Pictures of a training, of an evaluation, and of emotions over time."""

import io
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.rcParams["text.parse_math"] = False  # a $ in a name is a $

TRAINING, VALIDATION = "#4c78a8", "#e45756"


def write(figure, path):
    """Write a figure to a file, and close it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a box stands for it
        content = io.BytesIO()
        figure.savefig(content, dpi=110, format=format_of(figure, path))
    plt.close(figure)
    Path(path).write_bytes(content.getvalue())


def format_of(figure, path):
    """Return the format of a file's suffix, or PNG for a pipe or a device."""
    suffix = Path(path).suffix[1:].lower()
    return suffix if suffix in figure.canvas.get_supported_filetypes() else "png"


def plot_training(history, title, path):
    """Draw accuracy and loss of training and validation by epoch."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for axis, name in zip(axes, ("accuracy", "loss")):
        axis.plot(epochs, history[name], color=TRAINING, label="training")
        axis.plot(epochs, history[f"val_{name}"], color=VALIDATION, label="validation")
        axis.set(xlabel="epoch", ylabel=name, xlim=(0, len(epochs) + 1))
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    best = max(epochs, key=lambda epoch: history["val_accuracy"][epoch - 1])
    accuracy = history["val_accuracy"][best - 1]
    axes[0].plot(best, accuracy, "o", color=VALIDATION, label=f"{accuracy:.2%} after epoch {best}")
    axes[0].legend(loc="lower right", frameon=False)
    figure.suptitle(title)
    write(figure, path)


def plot_confusion_matrix(matrix, class_names, title, path):
    """Draw how often each true class (rows) was taken for each class (columns)."""
    rows = [[count / max(sum(row), 1) for count in row] for row in matrix]
    side = max(5.4, 0.55 * len(class_names))
    figure, axis = plt.subplots(figsize=(side + 0.8, side), layout="constrained")
    image = axis.imshow(rows, cmap="Blues", vmin=0, vmax=1)
    for y, row in enumerate(rows):
        for x, share in enumerate(row):
            axis.text(x, y, f"{share:.0%}\n{matrix[y][x]}", ha="center", va="center", fontsize=9,
                      color="white" if share > 0.5 else "black")
    axis.set_xticks(range(len(class_names)), class_names, rotation=30)
    axis.set_yticks(range(len(class_names)), class_names)
    axis.set(xlabel="predicted", ylabel="true", title=title)
    figure.colorbar(image, format="{x:.0%}", shrink=0.8, label="share of the true class")
    write(figure, path)
