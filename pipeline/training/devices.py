"""Trains one network on several devices, with one device's results but for rounding."""

import keras
from keras.distribution import DataParallel, TensorLayout

from pipeline.errors import UserError


class SplitBatches(DataParallel):
    """Has every device compute its share of a batch's images, from one layer on.

    first_layer: its name, that of the first kernel, which is the first worth splitting.

    Every device gets the whole batch. Keras's own class divides it before that, which fails if
    the number of images does not divide; XLA pads what is divided within the network. Losses,
    gradients and batch-norm statistics are the whole batch's.
    """

    def __init__(self, devices):
        super().__init__(devices=devices, auto_shard_dataset=False)
        self.first_layer = None

    def get_data_layout(self, data_shape):
        return TensorLayout([None] * len(data_shape), self.device_mesh)

    def get_tensor_layout(self, path):
        if path.endswith(f"{self.first_layer}/output"):
            return TensorLayout([self.batch_dim_name], self.device_mesh)
        return None


def split_batches(count=None):
    """Return what splits batches over `count` devices, or over those of all processes.

    None for a single device. Raises UserError if there are fewer devices, or Keras does not run
    on JAX.
    """
    if count == 1:
        return None
    require_jax("--devices")
    devices = keras.distribution.list_devices()
    if count and count > len(devices):
        raise UserError(f"--devices {count}: JAX finds {len(devices)} here ({', '.join(devices)}); "
                        f"give at most --devices {len(devices)}")
    return SplitBatches(devices[:count])


def require_jax(flag):
    """Raise UserError if Keras runs on another backend, where keras.distribution does nothing."""
    if keras.backend.backend() != "jax":
        raise UserError(f"{flag} needs Keras on JAX, found {keras.backend.backend()}; install "
                        "requirements-jax.txt and set the environment's KERAS_BACKEND to jax")
