"""Finds the faces of a picture with two of OpenCV's cascades: one proposes, another confirms."""

import cv2
import numpy as np

from pipeline.detection.faces.boxes import clipped, distinct, overlap
from pipeline.detection.faces.facedetector import (
    MIN_FACE,
    PICTURE_WIDTH,
    SCALE_FACTOR,
    load_cascade,
    shrunk_to_width,
)

# Almost whatever looks like a face is proposed; see docs/faces.md for the choices here.
PROPOSED_MIN_NEIGHBORS = 1

# The confirming cascade looks at each proposal alone, as it is and in a mirror, and turned by
# these degrees: a face is a face in all of them, a pattern in the wallpaper seldom is.
LOOKS = ((0, False), (0, True), (12, False), (-12, False))
LOOK_SIDE = 60  # pixels of the proposal's box in a look
LOOK_MARGIN = 1.7  # side of the look by that of the box
LOOK_SIZES = (0.7, 1.45)  # of the faces that confirm, by that of the box
LEAST_OVERLAP = 0.3

# Windows of the confirming cascade that see the face, all looks together.
LEAST_SUPPORT = 16


class PictureFaceDetector:
    """Finds every face of a picture, more of them and with fewer mistakes than one cascade does.

    cascade_path, confirming_path: cascades trained apart, so that they err apart; by default the
    second is OpenCV's own. width: the picture is shrunk to it before it is searched, pixels.
    min_face: side of the smallest face, pixels of the shrunk picture. Raises UserError if a file
    is no cascade.
    """

    name = "cascade"
    takes_color = False

    def __init__(self, cascade_path, confirming_path=None, *, width=None, min_face=None):
        self.width = width or PICTURE_WIDTH
        self.min_face = min_face or MIN_FACE
        self._proposing = load_cascade(cascade_path)
        self._confirming = load_cascade(confirming_path or confirming_cascade())

    def forget(self):
        """Nothing is known of earlier pictures."""

    def detect(self, gray):
        """Return boxes (N, 4) int, x, y, width, height in pixels of gray (height, width) uint8.

        The boxes are square unless the border clips them, the largest first.
        """
        boxes, support = self.proposals(gray)
        return clipped(np.reshape(distinct(boxes[support >= LEAST_SUPPORT]), (-1, 4)),
                       gray)

    def proposals(self, gray):
        """Return boxes (N, 4) float and the support (N,) int of each, the most first."""
        shrunk = shrunk_to_width(gray, self.width)
        boxes = np.reshape(self._proposing.detectMultiScale(
            shrunk, scaleFactor=SCALE_FACTOR, minNeighbors=PROPOSED_MIN_NEIGHBORS,
            minSize=(self.min_face, self.min_face)), (-1, 4))
        support = np.array([sum(self._neighbors(look) for look in looks(shrunk, box))
                            for box in boxes.tolist()], dtype=int)
        order = np.argsort(-support, kind="stable")
        return boxes[order] * (gray.shape[1] / shrunk.shape[1]), support[order]

    def _neighbors(self, look):
        """Return how many windows of the confirming cascade see the face of a look."""
        margin = (look.shape[0] - LOOK_SIDE) / 2
        smallest, largest = (round(size * LOOK_SIDE) for size in LOOK_SIZES)
        boxes, counts = self._confirming.detectMultiScale2(
            look, scaleFactor=SCALE_FACTOR, minNeighbors=1, minSize=(smallest, smallest),
            maxSize=(largest, largest))
        face = (margin, margin, LOOK_SIDE, LOOK_SIDE)
        return max((int(count) for box, count in zip(boxes, counts)
                    if overlap(box, face) > LEAST_OVERLAP), default=0)


def confirming_cascade():
    """Return the path of a cascade that comes with opencv-python, another than the one here."""
    return f"{cv2.data.haarcascades}haarcascade_frontalface_alt2.xml"


def looks(image, box):
    """Yield the surroundings of a box, LOOK_SIDE being its side, in each of the LOOKS."""
    x, y, side, _ = box
    half = round(LOOK_MARGIN * side / 2 * 1.25)  # the corners of what is turned
    left, top = max(0, x + side // 2 - half), max(0, y + side // 2 - half)
    region = image[top:y + side // 2 + half, left:x + side // 2 + half]
    scale = LOOK_SIDE / side
    region = cv2.resize(region, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    center = ((x + side / 2 - left) * scale, (y + side / 2 - top) * scale)
    size = round(LOOK_MARGIN * LOOK_SIDE)
    for degrees, mirrored in LOOKS:
        matrix = cv2.getRotationMatrix2D(center, degrees, 1)
        matrix[:, 2] += np.subtract(size / 2, center)
        look = cv2.warpAffine(region, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
        yield np.ascontiguousarray(look[:, ::-1]) if mirrored else look
