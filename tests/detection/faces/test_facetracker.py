from math import exp

import numpy as np
import pytest

from pipeline.detection.faces.facetracker import LONGEST_GAP, FaceTracker, Track

LEFT, RIGHT = (10, 10, 50, 50), (200, 10, 50, 50)
LARGE = (150, 10, 90, 90)
HAPPY, SAD = np.array([1.0, 0.0]), np.array([0.0, 1.0])
STEP = 0.05  # seconds from frame to frame


def moved(box, by):
    return (box[0] + by, *box[1:])


def numbers_in(frames, *, step=STEP, **options):
    """Return the numbers of each frame's boxes."""
    tracker = FaceTracker(**options)
    return [[track.number for track in tracker.update(boxes, step * frame)]
            for frame, boxes in enumerate(frames)]


def smoothed(times, values, time_constant):
    """Return the average after values (T, classes) at times, seconds."""
    track = Track(1, LEFT, 0.0)
    for time, value in zip(times, values):
        track.move(LEFT, time)
        result = track.smooth(value, time_constant)
    return result


def test_faces_keep_their_numbers_whatever_their_order():
    assert numbers_in([[LEFT, RIGHT], [moved(RIGHT, 5), moved(LEFT, 5)]]) == [[1, 2], [2, 1]]


@pytest.mark.parametrize("elapsed", [0.01, 0.05, 1.0])
def test_smoothing_is_a_time_constant(elapsed):
    past = exp(-elapsed / 0.14)
    assert smoothed([0, elapsed], [HAPPY, SAD], 0.14) == pytest.approx([past, 1 - past])


@pytest.mark.parametrize("rate", [5, 10, 30, 60])
def test_a_change_shows_after_the_same_time_at_every_rate(rate):
    times = np.arange(0, 1.001, 1 / rate)
    values = [HAPPY if time < 0.399 else SAD for time in times]
    at_1_second = smoothed(times, values, 0.5)
    assert at_1_second[0] == pytest.approx(exp(-(0.6 + 1 / rate) / 0.5), abs=0.01)


def test_smoothing_0_is_off():
    assert smoothed([0, 0.01], [HAPPY, SAD], 0).tolist() == SAD.tolist()


@pytest.mark.parametrize("step", [1 / 60, 1 / 20, 1 / 5])
def test_a_face_out_of_sight_for_too_long_is_a_new_one(step):
    missing = int(LONGEST_GAP / step + 0.01)  # frames, the last of which is too late
    assert numbers_in([[LEFT], *[[]] * missing, [LEFT]], step=step)[-1] == [2]
    assert numbers_in([[LEFT], *[[]] * (missing - 1), [LEFT]], step=step)[-1] == [1]


@pytest.mark.parametrize("step", [1 / 60, 1 / 20, 1.0, 10.0])
def test_a_face_in_every_frame_keeps_its_number_at_every_rate(step):
    assert numbers_in([[moved(LEFT, 2 * n)] for n in range(9)], step=step) == [[1]] * 9


def test_a_face_elsewhere_is_another():
    assert numbers_in([[LEFT], [RIGHT]]) == [[1], [2]]


def test_a_small_face_may_go_further_than_its_own_width():
    box = (10, 10, 20, 20)
    assert numbers_in([[moved(box, step)] for step in (0, 18, 40, 66, 96)]) == [[1]] * 5


@pytest.mark.parametrize("step", [1 / 60, 1 / 20, 1 / 10])
def test_faces_that_pass_each_other_keep_their_numbers(step):
    frames = [[moved(LEFT, by), moved(RIGHT, -by)] for by in range(0, 191, 10)]
    assert numbers_in(frames, step=step) == [[1, 2]] * 20


def test_a_face_that_goes_behind_another_comes_out_with_its_number():
    frames = [[moved(LEFT, by), *[moved(RIGHT, -by)] * (not 70 <= by <= 120)]
              for by in range(0, 191, 10)]
    assert numbers_in(frames) == [[1, 2][:len(boxes)] for boxes in frames]


def test_two_boxes_never_share_a_number():
    assert sorted(numbers_in([[LEFT], [moved(LEFT, 3), moved(LEFT, 6)]])[1]) == [1, 2]


def test_nothing_is_kept_of_faces_long_gone():
    tracker = FaceTracker()
    for step in range(300):
        tracker.update([moved(LEFT, 100 * step)], STEP * step)
    assert len(tracker._tracks) <= LONGEST_GAP / STEP + 2


def boxes_of_one_person(frames):
    """Return the box of the one person in each frame, or None."""
    tracker = FaceTracker(only_largest=True)
    found = [tracker.update(boxes, STEP * number) for number, boxes in enumerate(frames)]
    return [tracks[0].box if tracks else None for tracks in found]


def test_one_person_is_the_largest_face_and_stays_the_same_while_others_are_little_larger():
    larger = (150, 10, 60, 60)
    assert boxes_of_one_person([[LEFT, (200, 10, 40, 40)], [larger, LEFT], [LEFT]]) == [LEFT] * 3


def test_a_face_twice_as_large_is_the_one_person_from_then_on():
    assert boxes_of_one_person([[LEFT], [LARGE, LEFT], [LARGE, LEFT]]) == [LEFT, LARGE, LARGE]


def test_another_face_is_the_one_person_only_after_the_gap():
    gap = round(LONGEST_GAP / STEP)
    found = boxes_of_one_person([[LEFT], *[[RIGHT]] * (gap + 2)])
    assert found == [LEFT, *[None] * gap, RIGHT, RIGHT]
