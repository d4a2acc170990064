"""Finds faces: with YuNet, or with OpenCV's Haar cascades, in videos or in pictures."""

from math import inf
from pathlib import Path

import cv2
import imutils
import numpy as np

from pipeline.detection.faces import ROUNDING
from pipeline.detection.faces.boxes import clipped, non_maximum_suppression, overlap
from pipeline.detection.faces.detectormodel import load_cascade
from pipeline.detection.faces.yunetdetector import YuNetDetector

# The original system's settings, on a frame of width 300. Pictures are searched more finely.
VIDEO_WIDTH, PICTURE_WIDTH = 300, 640
MIN_FACE, SCALE_FACTOR, MIN_NEIGHBORS = 30, 1.1, 5

# A known face is searched within this share of its size around its box, and at these sizes: it
# moves and grows less than that between two frames. Fewer sizes give fewer neighbors.
SEARCH_MARGIN, SEARCH_SIZES, SEARCH_MIN_NEIGHBORS = 0.25, (0.8, 1.25), 3

SMALL = 0.12  # of the frame's width: smaller faces are searched in frames of PICTURE_WIDTH
LOOK_AGAIN = 0.25  # seconds for which whole frames are searched after a face was lost

# In pictures one cascade proposes nearly everything that resembles a face, and another confirms it
# in four looks, as docs/faces.md says: as it is, mirrored, and turned by 12 degrees either way.
PROPOSED_MIN_NEIGHBORS = 1
LOOKS = ((0, False), (0, True), (12, False), (-12, False))
LOOK_SIDE = 60  # side of the proposed box in a look, pixels
LOOK_MARGIN = 1.7  # side of the look, by that of the box
LOOK_SIZES = (0.7, 1.45)  # of the faces that confirm, by that of the box
LEAST_OVERLAP = 0.3
LEAST_SUPPORT = 16  # windows of the confirming cascade that see the face, in all looks together


def new_face_detector(yunet, cascade, shipped, *, pictures, full_scan_every=0.5, **sizes):
    """Return a YuNetDetector if the path of a YuNet is given, else a detector with a cascade.

    cascade: a path, by default `shipped`, which a second cascade helps in pictures and with small
    faces. pictures: whether each frame is one by itself. sizes: width and min_face, as
    FaceDetector's. Raises UserError if a file is not what it should be.
    """
    if yunet:
        return YuNetDetector(yunet, **sizes, pictures=pictures)
    cascade = Path(cascade or shipped)
    ships = cascade.samefile(shipped)
    if pictures and ships:
        return PictureFaceDetector(cascade, **sizes)
    adapts = ships and full_scan_every > 0 and not sizes.get("width")
    closer = PictureFaceDetector(cascade, min_face=sizes.get("min_face")) if adapts else None
    return FaceDetector(cascade, **sizes, pictures=pictures, full_scan_every=full_scan_every,
                        closer=closer)


class FaceDetector:
    """Finds every face of a frame with one cascade; between full scans, only near known faces.

    width: that of the shrunk frame, pixels; by default VIDEO_WIDTH, or PICTURE_WIDTH with pictures.
    min_face: side of the smallest face, pixels of the shrunk frame. full_scan_every: seconds, 0 for
    every frame; a lost face brings the next scan forward. closer: a PictureFaceDetector with the
    same cascade, which searches where small faces are known, and at full scans unless there is just
    one face. paths: of all cascades. Raises UserError if the file is not a cascade.
    """

    name = "cascade"
    takes_color = False

    def __init__(self, cascade_path, *, width=None, min_face=None, pictures=False,
                 full_scan_every=0, closer=None):
        self.width = width or (PICTURE_WIDTH if pictures else VIDEO_WIDTH)
        self.min_face = min_face or MIN_FACE
        self.full_scan_every = full_scan_every
        self.paths = [cascade_path, *(closer.paths[1:] if closer else [])]
        self._closer = closer
        self._cascade = closer._cascade if closer else load_cascade(cascade_path)
        self.forget()

    def forget(self):
        """Search the whole of the next frame, which begins another shot."""
        self._known = np.empty((0, 4))
        self._next_full_scan = self._look_again_until = self._next_closer_look = -inf

    def detect(self, gray, seconds=0.0):
        """Return boxes (N, 4) int, x, y, width, height in pixels of gray (height, width) uint8.

        They are squares, cut at the border, the largest first. seconds: the frame's time.
        """
        known = self._known
        small = self._closer and any(known[:, 2] < SMALL * gray.shape[1])
        found = None
        if len(known) and (self._look_again_until + ROUNDING < seconds
                           < self._next_full_scan - ROUNDING):
            found = self._search_near(gray, PICTURE_WIDTH if small else self.width)
        if found is None:
            closer = self._closer and (small or seconds >= self._next_closer_look - ROUNDING)
            found = self._closer.detect(gray) if closer else self._search_everywhere(gray)
            if closer:
                self._next_closer_look = seconds + self.full_scan_every
            if len(found) < len(known):
                self._look_again_until = seconds + LOOK_AGAIN
            self._next_full_scan = seconds + self.full_scan_every
        if len(found) == 1:
            self._next_closer_look = seconds + self.full_scan_every
        self._known = found
        return clipped(found, gray)

    def _search_everywhere(self, gray):
        shrunk = shrunk_to_width(gray, self.width)
        boxes = search(self._cascade, shrunk, MIN_NEIGHBORS, self.min_face)
        return boxes * (gray.shape[1] / shrunk.shape[1])

    def _search_near(self, gray, shrunk_width):
        """Return the known faces at their new places, or None if one is lost."""
        image = shrunk_to_width(gray, shrunk_width)
        scale = gray.shape[1] / image.shape[1]
        found = []
        for x, y, width, height in np.rint(self._known * (1 / scale)).astype(int).tolist():
            margin = round(SEARCH_MARGIN * width)
            left, top = max(0, x - margin), max(0, y - margin)
            region = image[top:y + height + margin, left:x + width + margin]
            smallest, largest = (max(self.min_face, round(size * width)) for size in SEARCH_SIZES)
            near = search(self._cascade, region, SEARCH_MIN_NEIGHBORS, smallest, largest)
            near = (near + (left, top, 0, 0)).astype(int).tolist()
            near = non_maximum_suppression([*found, *near])[len(found):]
            if not near:
                return None
            found.append(max(near, key=lambda box: overlap(box, (x, y, width, height))))
        return np.array(found) * scale


class PictureFaceDetector(FaceDetector):
    """Finds every face of a picture: a cascade proposes, one of another training confirms.

    cascade_path: of the first. width, min_face: as FaceDetector's. Raises UserError likewise.
    """

    def __init__(self, cascade_path, *, width=None, min_face=None):
        super().__init__(cascade_path, width=width, min_face=min_face, pictures=True,
                         full_scan_every=None)
        self.paths.append(f"{cv2.data.haarcascades}haarcascade_frontalface_alt2.xml")
        self._confirming = load_cascade(self.paths[1])

    def detect(self, gray, seconds=0.0):
        shrunk = shrunk_to_width(gray, self.width)
        boxes = search(self._cascade, shrunk, PROPOSED_MIN_NEIGHBORS, self.min_face)
        support = np.array([sum(map(self._neighbors, looks(shrunk, box)))
                            for box in boxes.tolist()])
        best = [number for number in np.argsort(-support, kind="stable")
                if support[number] >= LEAST_SUPPORT]
        boxes = non_maximum_suppression(boxes[best] * (gray.shape[1] / shrunk.shape[1]))
        return clipped(np.reshape(boxes, (-1, 4)), gray)

    def _neighbors(self, look):
        """Return the number of windows of the confirming cascade that see the face of a look."""
        margin = (look.shape[0] - LOOK_SIDE) / 2
        smallest, largest = (round(size * LOOK_SIDE) for size in LOOK_SIZES)
        boxes, counts = self._confirming.detectMultiScale2(
            look, scaleFactor=SCALE_FACTOR, minNeighbors=1, minSize=(smallest, smallest),
            maxSize=(largest, largest))
        face = (margin, margin, LOOK_SIDE, LOOK_SIDE)
        return max((int(count) for box, count in zip(boxes, counts)
                    if overlap(box, face) > LEAST_OVERLAP), default=0)


def search(cascade, image, min_neighbors, smallest, largest=0):
    """Return the boxes (N, 4) that a cascade finds; largest: their side, 0 for any."""
    return np.reshape(cascade.detectMultiScale(
        image, scaleFactor=SCALE_FACTOR, minNeighbors=min_neighbors,
        minSize=(smallest, smallest), maxSize=(largest, largest)), (-1, 4))


def looks(image, box):
    """Yield the surroundings of a box in each of the LOOKS, squares of uint8."""
    x, y, side, _ = box
    half = round(LOOK_MARGIN * side / 2 * 1.25)  # with the corners that turning needs
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


def shrunk_to_width(image, width):
    """Return an image at most `width` pixels wide, and at least one high."""
    if image.shape[1] <= width:
        return image
    if image.shape[0] * width < image.shape[1]:  # imutils would make a height of 0
        return cv2.resize(image, (width, 1), interpolation=cv2.INTER_AREA)
    return imutils.resize(image, width=width, inter=cv2.INTER_AREA)
