"""Finds faces with YuNet, a small network that OpenCV runs (Wu, Peng and Yu, 2023)."""

from math import inf

import cv2
import numpy as np

from pipeline.detection.faces import ROUNDING
from pipeline.detection.faces.boxes import clipped
from pipeline.detection.faces.detectormodel import load_yunet

LEAST_SCORE = 0.8  # OpenCV's default, 0.9, misses faces, turned and masked ones first

# The longest side of the frame that is searched, pixels. A picture is searched at PICTURE_WIDTH. A
# video is searched so where the last frame had a face below SMALL of its longest side, and every
# LOOK_CLOSER_EVERY seconds unless there is just one face; otherwise at VIDEO_WIDTH.
PICTURE_WIDTH, VIDEO_WIDTH = 640, 320
SMALL = 0.1
LOOK_CLOSER_EVERY = 0.5

SQUARE = 0.95  # FER2013's faces are squares around eyes, nose and mouth: this share of the height

LEAST_WITHIN = 0.25  # of a face's box; in very small pictures the network finds boxes anywhere


class YuNetDetector:
    """Finds every face of each frame by itself.

    width: longest side of the frame that is searched, pixels; by default PICTURE_WIDTH, and in
    videos VIDEO_WIDTH where that is enough. min_face: side of the smallest face, pixels of the
    shrunk frame. paths: the file. Raises UserError if it is not a YuNet.
    """

    name = "YuNet"
    takes_color = True

    def __init__(self, network_path, *, width=None, min_face=None, pictures=False):
        self.width = width or PICTURE_WIDTH
        self.min_face = min_face or 1
        self._adapts = width is None and not pictures
        self.paths = [network_path]
        self._network = load_yunet(network_path, LEAST_SCORE)
        self.forget()

    def forget(self):
        """Look closely at the next frame, which begins another shot."""
        self._next_closer_look = -inf

    def detect(self, image, seconds=0.0):
        """Return boxes (N, 4) int, x, y, width, height in pixels of image (height, width, 3) BGR.

        They are squares as in FER2013, cut at the border, the largest first.
        """
        closer = not self._adapts or seconds >= self._next_closer_look - ROUNDING
        boxes = self._find(image, self.width if closer else VIDEO_WIDTH)
        if any(boxes[:, 3] < SMALL * max(image.shape)):
            self._next_closer_look = -inf
        elif closer or len(boxes) == 1:
            self._next_closer_look = seconds + LOOK_CLOSER_EVERY
        return boxes

    def _find(self, image, longest):
        height, width = image.shape[:2]
        scale = min(1.0, longest / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        shrunk = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        faces = self._network.detect(shrunk)[1]
        faces = np.empty((0, 4)) if faces is None else faces
        boxes = within(faces[:, :4].astype(float), size)
        boxes = squares(boxes[boxes[:, 3] * SQUARE >= self.min_face])
        return clipped(boxes * np.tile((width / size[0], height / size[1]), 2), image)


def within(boxes, size):
    """Return the boxes (N, 4) that are finite and lie within a picture of (width, height)."""
    boxes = boxes[np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)]
    seen = np.minimum(boxes[:, :2] + boxes[:, 2:], size) - np.maximum(boxes[:, :2], 0)
    return boxes[np.maximum(seen, 0).prod(axis=1) >= LEAST_WITHIN * boxes[:, 2:].prod(axis=1)]


def squares(boxes):
    """Return squares (N, 4) about the centers of boxes (N, 4), as large as FER2013's."""
    sides = SQUARE * boxes[:, 3:]
    return np.hstack([boxes[:, :2] + boxes[:, 2:] / 2 - sides / 2, sides, sides])
