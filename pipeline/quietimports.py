"""Imports of libraries that talk: Keras with TensorFlow, and OpenCV."""

import logging
import os
import sys
from contextlib import contextmanager


def import_keras():
    """Import keras while TensorFlow's notes on its start go nowhere, and ask for fewer of them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        import keras  # noqa: F401
    logging.getLogger("absl").setLevel(logging.ERROR)  # "HDF5 is legacy", at each checkpoint


@contextmanager
def quiet_stderr():
    """Let nothing through to stderr: TensorFlow writes to it past Python and its own settings."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def prepare_opencv():
    """Keep OpenCV and FFmpeg from writing logs, and pictures from claiming all memory.

    Call it before cv2 is imported. What matters of the logs becomes a UserError.
    """
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))  # 8K has 1 << 25
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
