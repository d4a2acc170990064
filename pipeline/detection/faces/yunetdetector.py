"""Finds faces with YuNet, a small network that OpenCV runs (Wu, Peng and Yu, 2023)."""

import hashlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from pipeline.detection.faces.boxes import clipped
from pipeline.errors import UserError

# OpenCV's 0.9 loses faces that 0.8 finds, turned and masked ones first.
LEAST_SCORE = 0.8

# The longest side to which an image is shrunk, pixels: a picture has time, a video has it where
# a face of the last frame is small, by the longest side, or to see whether there are small ones.
PICTURE_WIDTH, VIDEO_WIDTH = 640, 320
SMALL = 0.1
LOOK_CLOSER_EVERY = 10  # frames, unless there is just one face

# FER2013's faces are squares around eyes, nose and mouth: this share of YuNet's height.
SQUARE = 0.95

# The network halves small pictures until nothing is left of them, and then sees faces of any
# size and place: at least this share of a box lies within the picture, or it is no face.
LEAST_WITHIN = 0.25

# OpenCV Zoo's two files are known to do no harm. (2023mar and 2026may, sha256.)
KNOWN = ("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
         "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0")
LARGEST_FILE = 1 << 20  # bytes; theirs have less than a quarter
TRIAL_SECONDS = 20
TRIAL = """
import sys
import cv2
import numpy as np
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
except ImportError:
    pass
network = np.frombuffer(sys.stdin.buffer.read(), np.uint8)
detector = cv2.FaceDetectorYN.create("onnx", network, np.empty(0, np.uint8), (320, 320))
for width, height in ((320, 320), (640, 360), (17, 31)):
    detector.setInputSize((width, height))
    detector.detect(np.zeros((height, width, 3), np.uint8))
"""


class YuNetDetector:
    """Finds every face of each frame by itself.

    width: the longest side to which a frame is shrunk before it is searched, pixels; by default
    what suits pictures, or a video and the faces of its last frame. min_face: side of the
    smallest face, pixels of the shrunk frame. Raises UserError if the file is not such a network.
    """

    name = "YuNet"
    takes_color = True

    def __init__(self, network_path, *, width=None, min_face=None, pictures=False):
        self.width = width or PICTURE_WIDTH
        self.min_face = min_face or 1
        self._adapts = width is None and not pictures
        self._network = load_network(network_path)
        self.forget()

    def forget(self):
        """Look closely at the next frame: it has nothing to do with the last one."""
        self._frames_to_closer_look = 0

    def detect(self, image):
        """Return boxes (N, 4) int, x, y, width, height in pixels of image (height, width, 3) BGR.

        They are the squares that FER2013 would have cut, cut at the border, the largest first.
        """
        closer = not self._adapts or self._frames_to_closer_look == 0
        boxes = self._find(image, self.width if closer else VIDEO_WIDTH)
        self._frames_to_closer_look = self._frames_to_next(boxes, max(image.shape), closer)
        return boxes

    def _frames_to_next(self, boxes, longest, closer):
        """Return in how many frames one is looked at closely again, 0 being the next."""
        if any(boxes[:, 3] < SMALL * longest):
            return 0
        if closer or len(boxes) == 1:
            return LOOK_CLOSER_EVERY - 1
        return self._frames_to_closer_look - 1

    def _find(self, image, longest):
        height, width = image.shape[:2]
        scale = min(1.0, longest / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        shrunk = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        faces = self._network.detect(shrunk)[1]
        if faces is None:
            return np.empty((0, 4), dtype=int)
        boxes = within(faces[:, :4].astype(float), size)
        boxes = squares(boxes[boxes[:, 3] * SQUARE >= self.min_face])
        return clipped(boxes * np.tile((width / size[0], height / size[1]), 2), image)


def within(boxes, size):
    """Return those of boxes (N, 4) that are finite and lie within a picture of (width, height)."""
    boxes = boxes[np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)]
    seen = np.minimum(boxes[:, :2] + boxes[:, 2:], size) - np.maximum(boxes[:, :2], 0)
    return boxes[np.maximum(seen, 0).prod(axis=1) >= LEAST_WITHIN * boxes[:, 2:].prod(axis=1)]


def squares(boxes):
    """Return squares (N, 4) about the centres of boxes (N, 4), as large as FER2013's."""
    sides = SQUARE * boxes[:, 3:]
    return np.hstack([boxes[:, :2] + boxes[:, 2:] / 2 - sides / 2, sides, sides])


def load_network(path):
    """Return the cv2.FaceDetectorYN of an .onnx file; raise UserError if it is no YuNet."""
    path = Path(path)
    not_yunet = UserError(f"{path}: not YuNet, expected OpenCV Zoo's face_detection_yunet_2023mar"
                          ".onnx or a later one; without it the cascade finds faces")
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else b""
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() not in KNOWN and not harmless(content):
        raise not_yunet
    return cv2.FaceDetectorYN.create(
        "onnx", np.frombuffer(content, np.uint8), np.empty(0, np.uint8), (1, 1), LEAST_SCORE)


def harmless(content):
    """Tell whether OpenCV runs a network, in a process of its own: a hostile one can crash it."""
    try:
        return subprocess.run([sys.executable, "-c", TRIAL], input=content, capture_output=True,
                              timeout=TRIAL_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False
