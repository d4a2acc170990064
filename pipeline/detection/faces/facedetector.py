"""Finds faces with OpenCV's Haar cascade."""

from functools import cache

import cv2
import numpy as np

from pipeline.detection.faces.boxes import clipped, distinct, overlap
from pipeline.detection.faces.cascadefile import checked_cascade
from pipeline.files.untrusted import reading

# The original system's settings, on a frame of width 300. A picture has time for small faces.
VIDEO_WIDTH, PICTURE_WIDTH = 300, 640
MIN_FACE = 30
SCALE_FACTOR = 1.1
MIN_NEIGHBORS = 5

# A known face is looked for within this share of its size around its box, and at these sizes:
# more than a face moves and grows between two frames. Fewer sizes make fewer neighbours.
SEARCH_MARGIN = 0.25
SEARCH_SIZES = (0.8, 1.25)
SEARCH_MIN_NEIGHBORS = 3

# Faces less wide than this, by the width of the frame, are looked for in frames of PICTURE_WIDTH.
SMALL = 0.12

# A face that is lost, as behind someone who goes by, is looked for everywhere in so many frames.
FRAMES_TO_LOOK_AGAIN = 5


class FaceDetector:
    """Finds every face of a frame; between full scans, only near where faces were.

    width: the frame is shrunk to it before it is searched, pixels; by default what suits
    pictures, or a video. min_face: side of the smallest face, pixels of the shrunk frame.
    full_scan_every: frames from one look at the whole frame to the next; a face that is lost
    brings it forward. closer: what finds small faces too, slowly; it looks at whole frames where
    small faces are known, and every full_scan_every frames that have not just one face. Raises
    UserError if the cascade is none.
    """

    name = "cascade"
    takes_color = False

    def __init__(self, cascade_path, *, width=None, min_face=None, pictures=False,
                 full_scan_every=1, closer=None):
        self.width = width or (PICTURE_WIDTH if pictures else VIDEO_WIDTH)
        self.min_face = min_face or MIN_FACE
        self.full_scan_every = full_scan_every
        self._closer = closer
        self._cascade = load_cascade(cascade_path)
        self.forget()

    def forget(self):
        """Look at the whole of the next frame: it has nothing to do with the last one."""
        self._known = []
        self._frames_to_full_scan = self._frames_to_look_again = self._frames_to_closer_look = 0

    def detect(self, gray):
        """Return boxes (N, 4) int, x, y, width, height in pixels of gray (height, width) uint8.

        The boxes are square unless the border clips them, the largest first.
        """
        small = self._closer and any(box[2] < SMALL * gray.shape[1] for box in self._known)
        found = None
        if self._known and self._frames_to_full_scan > 0:
            found = self._search_near(gray, PICTURE_WIDTH if small else self.width)
        if found is None:
            found = self._search_everywhere(gray, small)
            lost = len(found) < len(self._known)
            self._frames_to_look_again = FRAMES_TO_LOOK_AGAIN if lost else (
                max(0, self._frames_to_look_again - 1))
            self._frames_to_full_scan = 1 if self._frames_to_look_again else self.full_scan_every
        self._frames_to_full_scan -= 1
        self._frames_to_closer_look -= 1
        if len(found) == 1:
            self._frames_to_closer_look = self.full_scan_every
        self._known = found
        return clipped(np.reshape(found, (-1, 4)), gray)

    def _search_everywhere(self, gray, small):
        if self._closer and (small or self._frames_to_closer_look <= 0):
            self._frames_to_closer_look = self.full_scan_every
            return [tuple(box) for box in self._closer.detect(gray).tolist()]
        shrunk = shrunk_to_width(gray, self.width)
        boxes = self._search(shrunk, MIN_NEIGHBORS, self.min_face, 0)
        return scaled(boxes, gray.shape[1] / shrunk.shape[1])

    def _search(self, image, min_neighbors, smallest, largest):
        boxes = self._cascade.detectMultiScale(
            image,
            scaleFactor=SCALE_FACTOR,
            minNeighbors=min_neighbors,
            minSize=(smallest, smallest),
            maxSize=(largest, largest),
        )
        return [tuple(map(int, box)) for box in boxes]

    def _search_near(self, gray, shrunk_width):
        """Return the known faces at their new places, or None if one is lost."""
        image = shrunk_to_width(gray, shrunk_width)
        scale = gray.shape[1] / image.shape[1]
        found = []
        for x, y, width, height in np.rint(scaled(self._known, 1 / scale)).astype(int).tolist():
            margin = round(SEARCH_MARGIN * width)
            left, top = max(0, x - margin), max(0, y - margin)
            region = image[top:y + height + margin, left:x + width + margin]
            smallest, largest = (max(self.min_face, round(size * width)) for size in SEARCH_SIZES)
            boxes = self._search(region, SEARCH_MIN_NEIGHBORS, smallest, largest)
            near = [(left + box[0], top + box[1], box[2], box[3]) for box in boxes]
            near = distinct([*found, *near])[len(found):]
            if not near:
                return None
            found.append(max(near, key=lambda box: overlap(box, (x, y, width, height))))
        return scaled(found, scale)


def scaled(boxes, factor):
    """Return boxes in a picture that is larger by a factor."""
    return [tuple(factor * value for value in box) for box in boxes]


def shrunk_to_width(image, width):
    """Return an image no wider than width pixels, and at least one high."""
    if image.shape[1] <= width:
        return image
    height = max(1, image.shape[0] * width // image.shape[1])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


@cache
def load_cascade(path):
    """Return the cv2.CascadeClassifier of an OpenCV cascade file, which is read once."""
    with reading(path, "a cascade of OpenCV such as haarcascade_frontalface_default.xml"):
        content = cv2.FileStorage(checked_cascade(path),
                                  cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        cascade = cv2.CascadeClassifier()
        if not cascade.read(content.getFirstTopLevelNode()) or cascade.empty():
            raise ValueError("OpenCV cannot use it")
    return cascade
