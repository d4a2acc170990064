"""Saves the network between epochs."""

from pathlib import Path

import keras
import numpy as np

from pipeline.io import checkpoint
from pipeline.nn.kerasgraph import weights_of
from pipeline.nn.onnxnetwork import measure_ranges


class EpochCheckpoint(keras.callbacks.Callback):
    """Saves epoch_N.hdf5 every `every` epochs and after the last, and best.hdf5.

    record: what checkpoint.save stores, less epoch and accuracy; TrainingMonitor continues its
    `history` before this callback is called. The best epoch of all, also of those before a resume,
    has the highest val_accuracy or, by best_by, the least val_loss. best.hdf5 has no optimizer
    state, the weights of `average`, an AveragedWeights or None, and the ranges of the activations,
    which int8 needs, on `images` (N, height, width, depth), unless they are too large.
    """

    def __init__(self, folder, record, *, every, images, average=None, best_by="val_accuracy"):
        super().__init__()
        self.folder = Path(folder)
        self.record = record
        self.every = every
        self.images = images
        self.average = average
        self.best_by = best_by
        self.last_saved = None
        self._finished = None  # of an epoch that is not saved: its record and its variables

    def on_epoch_end(self, epoch, logs=None):
        epoch += 1
        history = self.record["history"]
        record = {**self.record, "epoch": epoch, "val_accuracy": history["val_accuracy"][-1]}
        if epoch == self.best_epoch:
            self._save_best(record)
        if epoch % self.every == 0 or epoch == self.params["epochs"]:
            self._save(record)
        else:
            record["history"] = {name: list(values) for name, values in history.items()}
            self._finished = record, [np.array(variable) for variable in self._variables()]

    @property
    def best_epoch(self):
        values = self.record["history"][self.best_by]
        return values.index((min if self.best_by == "val_loss" else max)(values)) + 1

    def save_finished(self):
        """Save the last epoch that ended, unless it is saved, though the next one has begun."""
        if self._finished:
            record, values = self._finished
            for variable, value in zip(self._variables(), values, strict=True):
                variable.assign(value)
            self._save(record)

    def _save(self, record):
        path = self.folder / f"epoch_{record['epoch']}.hdf5"
        checkpoint.save(self.model, path, record)
        self.last_saved, self._finished = path, None

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def _save_best(self, record):
        weights = self.average.weights if self.average else weights_of(self.model)
        ranges = measure_ranges(record["graph"], weights, self.images)
        if ranges:
            record = {**record, "activation_ranges": ranges}
        checkpoint.save(self.model, self.folder / "best.hdf5", record,
                        include_optimizer=False, weights=weights)
