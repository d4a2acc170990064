"""From frames to their faces and emotions."""

from pipeline.detection.faces.cuts import Cuts
from pipeline.detection.faces.facetracker import UNSURE
from pipeline.detection.sources.ahead import ahead

# Frames whose faces are found while an earlier one's are classified.
FRAMES_AHEAD = 2


class EmotionAnalyzer:
    """Joins finding, classifying and following faces.

    only_largest: leave out all faces but the one of the largest area. least_confidence: a face
    whose likeliest emotion has a smaller probability is unsure. frames_belong_together:
    frames follow one another, as a video's do but at its cuts; otherwise each is looked at by
    itself.
    class_names, found_by: what the classifier tells, and what finds the faces.
    """

    def __init__(self, detector, classifier, tracker, *, only_largest, least_confidence,
                 frames_belong_together):
        self._detector = detector
        self._classifier = classifier
        self._tracker = tracker
        self._most = 1 if only_largest else None
        self._least_confidence = least_confidence
        self._frames_belong_together = frames_belong_together
        self._cuts = Cuts()
        self.class_names = classifier.class_names
        self.found_by = detector.name

    def analyze(self, frames, stop=None):
        """Yield each Frame with its list of Faces, the largest first, until stop.requested.

        Faces are found in a thread of its own, so a core finds while another classifies.
        """
        self._detector.forget()
        self._tracker.restart()
        self._cuts.forget()
        for frame, gray, boxes, anew in ahead(self._find(frames), FRAMES_AHEAD, stop):
            if anew:
                self._tracker.forget()
            faces = self._tracker.update(boxes, self._classifier.classify(gray, boxes))
            for face in faces:
                face.emotion = self._emotion(face.probabilities)
            yield frame, faces

    def _emotion(self, probabilities):
        best = probabilities.argmax()
        sure = probabilities[best] >= self._least_confidence
        return self._classifier.class_names[best] if sure else UNSURE

    def _find(self, frames):
        """Yield each frame, its gray picture, its boxes, and whether it begins anew."""
        for frame in frames:
            anew = not self._frames_belong_together or self._cuts.begins_at(frame.gray)
            if anew:
                self._detector.forget()
            searched = frame.image if self._detector.takes_color else frame.gray
            yield frame, frame.gray, self._detector.detect(searched)[:self._most], anew
