import numpy as np
import pytest

from pipeline.detection.faces.facetracker import LONGEST_GAP, FaceTracker

LEFT, RIGHT = (10, 10, 50, 50), (200, 10, 50, 50)
HAPPY, SAD = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def moved(box, by):
    return (box[0] + by, *box[1:])


def numbers(faces):
    return [face.number for face in faces]


def test_faces_keep_their_numbers_whatever_their_order():
    tracker = FaceTracker(smoothing=0)
    assert numbers(tracker.update([LEFT, RIGHT], [HAPPY, SAD])) == [1, 2]
    assert numbers(tracker.update([moved(RIGHT, 5), moved(LEFT, 5)], [SAD, HAPPY])) == [2, 1]


def test_probabilities_are_smoothed_for_each_face_by_itself():
    tracker = FaceTracker(smoothing=0.8)
    tracker.update([LEFT, RIGHT], [HAPPY, HAPPY])
    left, right = tracker.update([LEFT, RIGHT], [SAD, HAPPY])
    assert left.probabilities == pytest.approx([0.8, 0.2])
    assert right.probabilities == pytest.approx([1, 0])
    left, _ = tracker.update([LEFT, RIGHT], [SAD, HAPPY])
    assert left.probabilities == pytest.approx([0.64, 0.36])


def test_smoothing_0_is_off():
    tracker = FaceTracker(smoothing=0)
    tracker.update([LEFT], [HAPPY])
    assert tracker.update([LEFT], [SAD])[0].probabilities.tolist() == SAD.tolist()


def test_a_face_gone_and_back_starts_afresh():
    tracker = FaceTracker(smoothing=0.8)
    tracker.update([LEFT], [HAPPY])
    for _ in range(LONGEST_GAP + 1):
        assert tracker.update([], []) == []
    face, = tracker.update([LEFT], [SAD])
    assert face.number == 2
    assert face.probabilities.tolist() == SAD.tolist()


def test_a_face_lost_for_a_blink_is_the_same():
    tracker = FaceTracker(smoothing=0.8)
    tracker.update([LEFT], [HAPPY])
    for _ in range(LONGEST_GAP - 1):
        tracker.update([], [])
    assert numbers(tracker.update([moved(LEFT, 5)], [SAD])) == [1]


def test_a_face_elsewhere_is_another():
    tracker = FaceTracker(smoothing=0.8)
    tracker.update([LEFT], [HAPPY])
    assert numbers(tracker.update([RIGHT], [SAD])) == [2]


def test_two_boxes_never_share_a_number():
    tracker = FaceTracker(smoothing=0)
    tracker.update([LEFT], [HAPPY])
    assert sorted(numbers(tracker.update([moved(LEFT, 3), moved(LEFT, 6)], [SAD, SAD]))) == [1, 2]


def test_nothing_is_kept_of_faces_long_gone():
    tracker = FaceTracker(smoothing=0.5)
    for step in range(300):
        tracker.update([moved(LEFT, 100 * step)], [HAPPY])
    assert len(tracker._followed) <= LONGEST_GAP + 1
