"""The processes of one training, on one machine or several: they join, agree and end together."""

import hashlib
import json
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.training.devices import require_jax
from pipeline.training.lifelines import Lifelines

COME_WITHIN = 240  # seconds; after 300 JAX aborts


class Processes:
    """This process alone: what several would have to do is nothing.

    number: of this process, from 0; process 0 writes the files. last_good: function without
    arguments that returns the last checkpoint's path, or None.
    """

    number = 0
    last_good = None

    def own_folder(self, folder):
        """Return the folder that this process is to write to in place of the given one."""
        return folder

    def agree(self, datasets, networks, settings):
        """Raise UserError if what is to be done differs between the processes.

        datasets: {name: HDF5DatasetGenerator}. networks: paths of model files, compared by their
        contents. settings: what JSON can tell.
        """

    def wait(self):
        """Return when every process has come here."""


class JoinedProcesses(Processes):
    """This process as one of several, all of which have joined. scratch: a temporary folder."""

    def __init__(self, scratch):
        import jax

        self.number = jax.process_index()
        self._scratch = scratch

    def own_folder(self, folder):
        return folder if self.number == 0 else Path(tempfile.mkdtemp(dir=self._scratch))

    def agree(self, datasets, networks, settings):
        import jax
        from jax.experimental.multihost_utils import process_allgather

        described = {name: dataset.digest() for name, dataset in datasets.items()} | {
            "network to start or learn from": "".join(map(_digest_of_file, networks)),
            "recipe or record": json.dumps(settings, default=str),
            "version of Python, Keras, JAX, NumPy or OpenCV": " ".join((
                platform.python_version(), keras.__version__, jax.__version__, np.__version__,
                cv2.__version__)),
        }
        digests = [list(hashlib.sha256(text.encode()).digest()) for text in described.values()]
        everywhere = process_allgather(np.array(digests, dtype=np.uint8))
        for number, theirs in enumerate(everywhere):
            for name, digest, first in zip(described, theirs, everywhere[0]):
                if (digest != first).any():
                    raise UserError(f"process {number} has another {name} than process 0; give "
                                    "all of them the same")

    def wait(self):
        from jax.experimental.multihost_utils import sync_global_devices

        sync_global_devices("wait")


@contextmanager
def joined_processes():
    """Yield this process as one of those that the environment describes; all end together.

    If the block raises, or another process ends before its time, this process ends at once, with
    one line and without its own clean-up: JAX would wait there for the others.
    """
    require_jax("--distributed")
    with tempfile.TemporaryDirectory() as scratch:
        lifelines = Lifelines(scratch)
        try:
            _join()
            lifelines.connect()
            processes = JoinedProcesses(scratch)
            lifelines.last_good = lambda: processes.last_good()
            yield processes
        except BaseException as error:
            lifelines.end_by(error)
        lifelines.done()


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


def _digest_of_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
