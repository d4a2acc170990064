"""Imports of libraries that talk: Keras with TensorFlow, and OpenCV."""

import logging
import os
import sys

from pipeline.errors import UserError
from pipeline.terminal import quiet_stderr


def import_keras():
    """Import keras while TensorFlow's notes on its start go nowhere, and ask for fewer of them.

    On another backend TensorFlow is as good as not installed: Keras would import it to seed it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_stderr():
            import keras
    except ModuleNotFoundError as error:
        needed = "requirements.txt"
        if error.name not in ("keras", "tensorflow"):
            needed = f"requirements-{os.environ.get('KERAS_BACKEND')}.txt"
        raise UserError(f"{error.name} is not installed, which this needs; "
                        f"pip install -r {needed}") from error
    if keras.backend.backend() != "tensorflow":
        sys.meta_path.insert(0, _NoTensorFlow)
    logging.getLogger("absl").setLevel(logging.ERROR)  # "HDF5 is legacy", at each checkpoint


class _NoTensorFlow:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            raise ModuleNotFoundError(name=name)


def prepare_opencv():
    """Keep OpenCV and FFmpeg from writing logs, and pictures from claiming all memory.

    Call it before cv2 is imported. What matters of the logs becomes a UserError.
    """
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))  # 8K has 1 << 25
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
