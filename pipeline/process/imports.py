"""How large libraries are imported: without their logs, and with a limit for their threads."""

import logging
import os
import sys

from pipeline.process.terminal import quiet_stderr

OPENCV_THREADS = "OPENCV_FOR_THREADS_NUM"  # which OpenCV reads when it is imported


def import_keras():
    """Import keras without TensorFlow's messages, and on another backend without TensorFlow."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        import keras
    if keras.backend.backend() != "tensorflow":
        sys.meta_path.insert(0, _NoTensorFlow)
    logging.getLogger("absl").setLevel(logging.ERROR)  # "HDF5 is legacy", at each checkpoint


class _NoTensorFlow:
    """Makes `import tensorflow` fail; with None in sys.modules Keras would believe it imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            raise ModuleNotFoundError(name=name)


def prepare_opencv():
    """Silence OpenCV and its FFmpeg; call it before `import cv2`."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def limit_threads(number):
    """Let OpenCV and ONNX Runtime start at most `number` threads; call it before `import cv2`."""
    os.environ[OPENCV_THREADS] = str(min(number, available_cores()))


def available_cores():
    """Return how many cores this process may use, at most the number given to limit_threads."""
    has_affinity = hasattr(os, "sched_getaffinity")  # Linux
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    limit = os.environ.get(OPENCV_THREADS, "")
    return min(cores, int(limit)) if limit.isdecimal() and int(limit) else cores
