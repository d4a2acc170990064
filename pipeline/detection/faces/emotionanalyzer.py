"""From frames to their faces and emotions."""

from collections import deque

import cv2
import numpy as np

from pipeline.detection.faces import ROUNDING
from pipeline.detection.faces.facetracker import UNSURE, Face
from pipeline.detection.sources.ahead import ahead

FRAMES_AHEAD = 2  # by which the search for faces is ahead of their classification

# Cuts are found in pictures of SIZE, made from POINTS of each frame: 0.02 ms a frame.
POINTS, SIZE = (128, 72), (32, 18)

# A cut changes the picture by at least LEAST_CHANGE of 255 on average, and by TIMES_MOTION what the
# motion of the last frames did: a head that enters a still picture reaches three times.
# FEWER_TIMES_MOTION is enough if the two pictures also have a correlation below UNLIKE.
LEAST_CHANGE, UNLIKE = 6, 0.2
TIMES_MOTION, FEWER_TIMES_MOTION = 5, 2
MOTION_SECONDS = 0.15  # how long the last frames' motion counts, at least that of three frames
LEAST_MOTION = 1.0  # below this it is noise


class EmotionAnalyzer:
    """Joins the face detector, the emotion classifier and the face tracker.

    smoothing: time constant of the exponential average of a face's probabilities, seconds; 0 is
    none. least_confidence: a face whose likeliest emotion has a smaller probability is unsure.
    frames_belong_together: as in a video. settings: {name: value} of all this.
    """

    def __init__(self, detector, classifier, tracker, *, smoothing, least_confidence,
                 frames_belong_together):
        self.detector = detector
        self.classifier = classifier
        self.class_names = classifier.class_names
        self._tracker = tracker
        self._frames_belong_together = frames_belong_together
        self.settings = {
            "smoothing": smoothing if frames_belong_together else 0,
            "least_confidence": least_confidence,
            "faces": "largest" if tracker.only_largest else "all",
            "detection_width": detector.width, "min_face": detector.min_face,
            "full_scan_every": getattr(detector, "full_scan_every", None)}

    def analyze(self, frames, stop=None, *, live=False):
        """Yield each Frame with its list of Faces, the largest first, until stop.requested."""
        self.detector.forget()
        self._tracker.restart()
        found = self._find(frames)
        # One core searches while another classifies; frames of a live source would be late.
        for frame, gray, boxes in found if live else ahead(found, FRAMES_AHEAD, stop):
            if frame.is_cut:
                self._tracker.forget()
            tracks = self._tracker.update(boxes, frame.seconds)
            probabilities = self.classifier.classify(gray, [track.box for track in tracks])
            yield frame, [self._face(*both) for both in zip(tracks, probabilities)]

    def _face(self, track, probabilities):
        probabilities = track.smooth(probabilities, self.settings["smoothing"])
        number = 1 if self._tracker.only_largest else track.number
        sure = probabilities.max() >= self.settings["least_confidence"]
        emotion = self.class_names[probabilities.argmax()] if sure else UNSURE
        return Face(number, track.box, probabilities, emotion)

    def _find(self, frames):
        """Yield each frame, its gray picture and its boxes, and note where a new shot begins."""
        cuts = Cuts()
        for frame in frames:
            frame.is_cut = not self._frames_belong_together or cuts.begins_at(
                frame.gray, frame.seconds)
            if frame.is_cut:
                self.detector.forget()
            searched = frame.image if self.detector.takes_color else frame.gray
            yield frame, frame.gray, self.detector.detect(searched, frame.seconds)


class Cuts:
    """Finds the hard cuts of a video."""

    def __init__(self):
        self._shape = self._last = None
        self._motion = deque()  # (seconds, change) of the last frames

    def begins_at(self, gray, seconds):
        """Return whether a new shot begins at the next frame, gray (height, width) uint8."""
        points = cv2.resize(gray, POINTS, interpolation=cv2.INTER_NEAREST)
        small = cv2.resize(points, SIZE, interpolation=cv2.INTER_AREA).astype(np.int16)
        last, self._last = self._last, small
        shape, self._shape = self._shape, gray.shape
        if last is None:
            return False
        change = np.abs(small - last).mean()
        while len(self._motion) > 3 and self._motion[0][0] < seconds - MOTION_SECONDS - ROUNDING:
            self._motion.popleft()
        motion = max((LEAST_MOTION, *(change for _, change in self._motion)))
        # Between a shot's first two frames no motion is known: the correlation decides alone.
        times = change / motion if self._motion else TIMES_MOTION
        is_cut = shape != gray.shape or (change > LEAST_CHANGE and (
            times > TIMES_MOTION
            or (times > FEWER_TIMES_MOTION and correlation(small, last) < UNLIKE)))
        if is_cut:
            self._motion.clear()
        else:
            self._motion.append((seconds, change))
        return is_cut


def correlation(first, second):
    """Return the correlation of two pictures, 0 if one has no contrast."""
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first**2).sum() * (second**2).sum())
    return (first * second).sum() / size if size else 0.0
