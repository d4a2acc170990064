"""Writes the training curve after each epoch."""

import json
import math
import time
from pathlib import Path

import keras

from pipeline.errors import UserError
from pipeline.evaluation.plots import plot_training
from pipeline.files.wholefile import whole_file

DRAWN_EVERY = 10  # seconds: a drawing takes half of one


class TrainingMonitor(keras.callbacks.Callback):
    """Keeps the history of a run and writes it, with `run`, as JSON and as a picture.

    path: without suffix; .json and that of `plot` are added. run: {name: value} that describes the
    run. history: {metric: a value per epoch}; it is continued, and epochs trained again replace
    their earlier values. Where epochs are short, the picture is drawn anew every DRAWN_EVERY
    seconds, and at the end. Raises UserError if a loss is no number, before anything of that
    epoch is written.
    """

    def __init__(self, path, run, history, plot="png"):
        super().__init__()
        self.path = Path(path)
        self.run = run
        self.history = history
        self.plot = plot
        self._drawn = -math.inf

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs[name]):
                raise UserError(f"{name} became {logs[name]} in epoch {epoch + 1}; start again "
                                "with --precision float32, or with a smaller learning rate in "
                                "config/experiments.py")
        for name, value in {**logs, "seconds": time.monotonic() - self._began}.items():
            # Epochs trained again replace their earlier values.
            self.history[name] = [*self.history.get(name, [])[:epoch], round(float(value), 7)]
        with whole_file(self.path.with_suffix(".json")) as partial:
            partial.write_text(json.dumps({"run": self.run, **self.history}, indent=1) + "\n")
        if time.monotonic() - self._drawn >= DRAWN_EVERY:
            self._draw()

    def on_train_end(self, logs=None):
        self._draw()

    def _draw(self):
        with whole_file(self.path.with_suffix(f".{self.plot}")) as partial:
            plot_training(self.history, title=self.run["title"], path=partial)
        self._drawn = time.monotonic()
