"""Trains one network on several devices and processes, as one device would but for rounding."""

import hashlib
import os
import platform
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cv2
import keras
import numpy as np
from keras.distribution import DataParallel, TensorLayout

from pipeline.errors import UserError
from pipeline.process.ending import tell

COME_WITHIN = 240  # seconds; after 300 JAX aborts


class SplitBatches(DataParallel):
    """Has every device compute its share of a batch's images, from the layer `first_layer` on.

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
    """Return SplitBatches over `count` devices, or over those of all processes.

    Raises UserError if there are fewer devices, or Keras does not run on JAX.
    """
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


@contextmanager
def joined_processes():
    """Yield the number, from 0, of this process among those that the environment describes.

    An exception ends the process at once, without Python's clean-up, in which JAX would wait for
    the others. Those get an error of JAX when they next exchange something with it.
    """
    require_jax("--distributed")
    import jax

    try:
        _join()
        yield jax.process_index()
    except BaseException as error:
        status = 1
        if isinstance(error, (UserError, KeyboardInterrupt)):
            status = tell(error)
        else:
            traceback.print_exception(error)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def _join():
    import jax

    jax.config.update("jax_enable_preemption_service", False)  # else SIGTERM ends nothing
    keras.utils.set_random_seed(0)  # else the processes have to draw one together
    try:
        # In a thread, so that signals are heard, and that there is an end before JAX aborts.
        ThreadPoolExecutor(1).submit(keras.distribution.initialize).result(COME_WITHIN)
    except TimeoutError as error:
        raise UserError(f"--distributed: not all processes came within {COME_WITHIN} s; see that "
                        "all are started and reach the address of process 0") from error
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        raise UserError(
            f"--distributed: the environment does not say which processes to join ({error}); "
            "start them by srun or mpirun, or set KERAS_DISTRIBUTION_JOB_ADDRESSES to process 0's "
            "host:port, KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID"
        ) from error


def require_agreement(described):
    """Raise UserError in every process if one was given something else than process 0.

    described: {what it is: a text that is equal where that is equal}.
    """
    import jax
    from jax.experimental.multihost_utils import process_allgather

    described = described | {"version of Python, Keras, JAX, NumPy or OpenCV": " ".join((
        platform.python_version(), keras.__version__, jax.__version__, np.__version__,
        cv2.__version__))}
    digests = [list(hashlib.sha256(text.encode()).digest()) for text in described.values()]
    everywhere = process_allgather(np.array(digests, dtype=np.uint8))
    for number, theirs in enumerate(everywhere):
        for name, digest, first in zip(described, theirs, everywhere[0]):
            if (digest != first).any():
                raise UserError(f"process {number} has another {name} than process 0; give "
                                "all of them the same")
