"""Writes the training curve after each epoch."""

import json
import math
import time
from pathlib import Path

import keras

from pipeline.evaluation.plots import plot_training
from pipeline.files.wholefile import whole_file

DRAWN_EVERY = 10  # seconds: a drawing takes half of one


class TrainingMonitor(keras.callbacks.Callback):
    """Keeps the history of a run and writes it, with `run`, as JSON and as a picture.

    path: without suffix; .json and that of `plot` are added. run: {name: value} that describes the
    run.
    history: {metric: a value per epoch}; it is continued, and epochs trained again replace
    their earlier values; a metric that not every epoch has is left out. The JSON holds the
    history's lists and `run`. Where epochs are short, the picture is drawn anew every
    DRAWN_EVERY seconds, and at the end.
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
        values = {
            **logs,
            "seconds": time.monotonic() - self._began,
        }
        # Epochs trained again replace their earlier values.
        lists = {name: [*self.history.get(name, [])[:epoch], round(float(value), 7)]
                 for name, value in values.items()}
        self.history.clear()
        self.history.update((name, list_) for name, list_ in lists.items()
                            if len(list_) == epoch + 1)
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
