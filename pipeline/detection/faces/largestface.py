"""Finds the one face of a picture that a data set is made of."""

import cv2


class LargestFace:
    """A function of a picture, (height, width, 3) uint8 BGR, to its largest face's box or None.

    make_detector: a function that returns the detector, called when the first picture comes: so
    it can be sent to another process before.
    """

    def __init__(self, make_detector):
        self.make_detector = make_detector
        self._detector = None

    def __call__(self, image):
        if self._detector is None:
            self._detector = self.make_detector()
        if not self._detector.takes_color:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        boxes = self._detector.detect(image)
        return tuple(map(int, boxes[0])) if len(boxes) else None
