"""Pictures of a training and of an evaluation."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen before)

TRAINING, VALIDATION = "#4c78a8", "#e45756"


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
    axes[0].plot(best, accuracy, "o", color=VALIDATION)
    axes[0].annotate(f"{accuracy:.2%} after epoch {best}", (best, accuracy), xytext=(0, 8),
                     textcoords="offset points", ha="right" if best > 3 else "left")
    axes[0].legend(loc="lower right", frameon=False)
    figure.suptitle(title)
    figure.savefig(path, dpi=110)
    plt.close(figure)
