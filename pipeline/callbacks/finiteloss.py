"""Stops a training that has gone astray."""

import math

import keras

from pipeline.errors import UserError


class FiniteLoss(keras.callbacks.Callback):
    """Raises UserError when the loss of a batch or of the validation is no number.

    Call it before the callbacks that write, so that nothing of that epoch is kept as good.
    last_good: function without arguments that returns the last checkpoint's path, or None.
    """

    async_safe = True  # else each batch waits for the loss of the one before it

    def __init__(self, last_good):
        super().__init__()
        self.last_good = last_good

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        self._require_finite(logs, "loss")

    def on_epoch_end(self, epoch, logs=None):
        self._require_finite(logs, "val_loss")

    def _require_finite(self, logs, name):
        value = float(logs[name])
        if not math.isfinite(value):
            raise UserError(
                f"{name} became {value} in epoch {self._epoch}; the last good checkpoint is "
                f"{self.last_good() or 'none'}; try --precision float32, or a smaller learning "
                "rate in config/experiments.py")
