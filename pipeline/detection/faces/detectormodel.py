"""Reads face detector models: OpenCV's cascades (.xml) and YuNet's network (.onnx).

OpenCV trusts these files, and a damaged one can crash it. Files with a known checksum are read at
once. Any other file must first work in a process of its own, with limits.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading

# SHA-256 of the cascade that ships, of opencv-python's frontalface_alt2, and of OpenCV Zoo's
# face_detection_yunet_2023mar and 2026may.
KNOWN = {"0f7d4527844eb514d4a4948e822da90fbb16a34a0bbbbc6adc6498747a5aafb0",
         "7b0c967d9abbdfbde025eb9c786947d151b6426040d07a8f9562ed8fd90724b4",
         "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
         "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"}

LARGEST_FILE = 1 << 23  # bytes; the largest of the known ones has 0.9 million

# A trial's limits: seconds of CPU and bytes of memory, and on Windows the seconds of the clock.
CPU_SECONDS, MEMORY, TRIAL_SECONDS = 5, 2 << 30, 60
TRIAL = f"from {__name__} import try_out, {{0}}; try_out({{0}})"
ROOT = str(Path(__file__).parents[3])


def load_cascade(path):
    """Return the cv2.CascadeClassifier of a file, for one thread; raise UserError if it is none."""
    if not hasattr(cv2, "CascadeClassifier"):
        raise UserError(f"OpenCV {cv2.__version__} has no cascades; install an earlier one: pip "
                        "install 'opencv-python>=4.12.0.88,<5'")
    return cascade_of(tried_content(path, cascade_of, "a cascade of OpenCV such as "
                                    "haarcascade_frontalface_default.xml"))


def load_yunet(path, least_score):
    """Return the cv2.FaceDetectorYN of an .onnx file; raise UserError if it is not a YuNet."""
    content = tried_content(path, yunet_of, "YuNet, expected OpenCV Zoo's face_detection_yunet_"
                            "2023mar.onnx or a later one; without it the cascade finds faces")
    return yunet_of(content, least_score)


def tried_content(path, build, expected):
    """Return the bytes of a model file; raise UserError if it is not known and fails its trial."""
    with reading(path, expected), open(path, "rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if hashlib.sha256(content).hexdigest() in KNOWN:
        return content
    with suppress(subprocess.TimeoutExpired):
        if len(content) <= LARGEST_FILE and subprocess.run(
                [sys.executable, "-c", TRIAL.format(build.__name__)], input=content,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ROOT},
                capture_output=True, timeout=TRIAL_SECONDS).returncode == 0:
            return content
    raise UserError(f"{path}: not {expected}")


def try_out(build):
    """Use the model that `build` makes of standard input on three pictures, within limits."""
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    cv2.setNumThreads(1)
    model = build(sys.stdin.buffer.read())
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    for picture in (noise, cv2.GaussianBlur(noise, (0, 0), 9) * 3, 0 * noise[:31, :17]):
        if build is cascade_of:
            model.detectMultiScale2(picture[..., 0].copy(), scaleFactor=1.1, minNeighbors=1)
        else:
            model.setInputSize(picture.shape[1::-1])
            model.detect(picture)


def cascade_of(content):
    cascade = cv2.CascadeClassifier()
    storage = cv2.FileStorage(content.decode(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    if not cascade.read(storage.getFirstTopLevelNode()) or cascade.empty():
        raise ValueError("no cascade")
    return cascade


def yunet_of(content, least_score=0.8):
    return cv2.FaceDetectorYN.create(
        "onnx", np.frombuffer(content, np.uint8), np.empty(0, np.uint8), (1, 1), least_score)
