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


def test_a_small_face_may_go_further_than_its_own_width():
    tracker = FaceTracker(smoothing=0)
    box = (10, 10, 20, 20)
    for step in (0, 18, 40, 66, 96):
        assert numbers(tracker.update([moved(box, step)], [HAPPY])) == [1]


def test_faces_that_pass_each_other_keep_their_numbers():
    tracker = FaceTracker(smoothing=0)
    for step in range(0, 191, 10):
        boxes = [moved(LEFT, step), moved(RIGHT, -step)]
        assert numbers(tracker.update(boxes, [HAPPY, SAD])) == [1, 2]


def test_a_face_that_goes_behind_another_comes_out_with_its_number():
    tracker = FaceTracker(smoothing=0)
    for step in range(0, 191, 10):
        hidden = 70 <= step <= 120
        boxes = [moved(LEFT, step), *[moved(RIGHT, -step)] * (not hidden)]
        assert numbers(tracker.update(boxes, [HAPPY, SAD])) == [1, 2][:len(boxes)]


def test_two_boxes_never_share_a_number():
    tracker = FaceTracker(smoothing=0)
    tracker.update([LEFT], [HAPPY])
    assert sorted(numbers(tracker.update([moved(LEFT, 3), moved(LEFT, 6)], [SAD, SAD]))) == [1, 2]


def test_nothing_is_kept_of_faces_long_gone():
    tracker = FaceTracker(smoothing=0.5)
    for step in range(300):
        tracker.update([moved(LEFT, 100 * step)], [HAPPY])
    assert len(tracker._tracks) <= LONGEST_GAP + 1
