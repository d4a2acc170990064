"""From a frame to its faces and their emotions."""

import cv2


class EmotionAnalyzer:
    """Joins finding, classifying and following faces.

    only_largest: leave out all faces but the one of the largest area. frames_belong_together:
    frames follow one another, as a video's do; otherwise each is looked at by itself.
    """

    def __init__(self, detector, classifier, tracker, *, only_largest, frames_belong_together):
        self._detector = detector
        self._classifier = classifier
        self._tracker = tracker
        self._most = 1 if only_largest else None
        self._frames_belong_together = frames_belong_together

    def analyze(self, image):
        """Return the Faces of an image (height, width, 3) uint8 BGR, the largest first."""
        if not self._frames_belong_together:
            self._detector.forget()
            self._tracker.forget()
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        boxes = self._detector.detect(gray)[:self._most]
        return self._tracker.update(boxes, self._classifier.classify(gray, boxes))
