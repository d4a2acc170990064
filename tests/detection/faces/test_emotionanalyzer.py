"""The same face at other frame rates: the emotions follow the time, not the number of frames."""

from collections import Counter

import numpy as np
import pytest

from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
from pipeline.detection.faces.facetracker import UNSURE, FaceTracker
from pipeline.detection.sources.frame import Frame

NAMES = ("happy", "neutral", "sad")
SECONDS = 120
IMAGE = np.full((72, 128, 3), 120, np.uint8)
TIMES = np.arange(0, SECONDS, 1 / 30)


@pytest.fixture(scope="module")
def expressions():
    """Probabilities (T, 3) of a face that changes every few seconds, with noise, at TIMES."""
    random = np.random.default_rng(0)
    changes = np.cumsum(random.uniform(1, 5, SECONDS))
    emotions = random.choice(3, len(changes) + 1, p=(0.7, 0.2, 0.1))
    clear = np.eye(3)[emotions[np.searchsorted(changes, TIMES)]]
    noisy = np.clip(0.6 * clear + 0.2 + random.normal(0, 0.1, clear.shape), 0, 1)
    return noisy / noisy.sum(axis=1, keepdims=True)


class OneFace:
    name, takes_color, width, min_face = "one face", False, 300, 30

    def forget(self):
        pass

    def detect(self, gray, seconds):
        return np.array([[10, 10, 40, 40]])


class Scripted:
    """A classifier whose results are written down."""

    class_names = NAMES

    def __init__(self, results):
        self._results = iter(results)

    def classify(self, gray, boxes):
        return np.array([next(self._results)])


def labels_at(every, probabilities, smoothing, least_confidence=0.0):
    """Return the label of each N-th frame."""
    analyzer = EmotionAnalyzer(OneFace(), Scripted(probabilities[::every]), FaceTracker(),
                               smoothing=smoothing, least_confidence=least_confidence,
                               frames_belong_together=True)
    frames = (Frame(IMAGE, number, seconds, "x") for number, seconds in enumerate(TIMES[::every]))
    results = [faces for _, faces in analyzer.analyze(frames)]
    assert {face.number for faces in results for face in faces} == {1}
    return [face.emotion for faces in results for face in faces]


def shares(labels):
    return {name: Counter(labels)[name] / len(labels) for name in NAMES}


def largest_difference(first, second):
    return max(abs(shares(first)[name] - shares(second)[name]) for name in NAMES)


@pytest.mark.parametrize("every", [2, 3, 6, 25])
def test_shares_are_those_of_all_frames_as_nearly_as_without_smoothing(expressions, every):
    differences = [largest_difference(labels_at(1, expressions, smoothing),
                                      labels_at(every, expressions, smoothing))
                   for smoothing in (0, 0.14)]
    assert differences[1] <= differences[0] + 0.03


@pytest.mark.parametrize("every", [2, 3, 6])
def test_labels_at_the_same_moments_are_those_of_all_frames(expressions, every):
    all_frames = labels_at(1, expressions, 0.14)[::every]
    some = labels_at(every, expressions, 0.14)
    assert np.mean([one != other for one, other in zip(all_frames, some)]) <= 0.03


def test_smoothing_0_gives_the_networks_own_labels(expressions):
    assert labels_at(1, expressions, 0) == [NAMES[n] for n in expressions.argmax(axis=1)]


def test_little_confidence_is_unsure(expressions):
    labels = labels_at(1, expressions, 0, least_confidence=0.6)
    assert [label == UNSURE for label in labels] == (expressions.max(axis=1) < 0.6).tolist()
