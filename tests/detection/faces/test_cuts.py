import cv2
import numpy as np
import pytest

from pipeline.detection.faces.emotionanalyzer import Cuts
from tests.detection.clips import sample_images


def grays(numbers, columns=slice(None)):
    images = sample_images()
    return [cv2.cvtColor(np.ascontiguousarray(images[number][:, columns]), cv2.COLOR_RGB2GRAY)
            for number in numbers]


def cuts_in(pictures, step=0.05):
    """step: seconds from one picture to the next."""
    cuts = Cuts()
    return [number for number, gray in enumerate(pictures) if cuts.begins_at(gray, step * number)]


@pytest.mark.parametrize("every", [1, 2, 4])
def test_a_face_that_comes_in_is_no_cut(every):
    assert cuts_in(grays(range(0, 120, every)), 0.05 * every) == []


def test_a_picture_that_gets_lighter_is_no_cut():
    first, = grays([0])
    assert cuts_in([cv2.add(first, np.full_like(first, 2 * n)) for n in range(60)]) == []


@pytest.mark.parametrize("every", [1, 2, 5])
def test_another_person_in_the_same_place_is_a_cut(every):
    first = grays(range(90, 120, every), slice(0, 216))
    second = grays(range(90, 120, every), slice(216, 432))
    assert cuts_in(first + second + first, 0.05 * every) == [len(first), 2 * len(first)]


def test_a_cut_within_motion_is_found():
    motion = grays(range(40, 55))
    assert cuts_in(motion + [cv2.flip(gray, 0) for gray in motion]) == [15]


def test_another_size_is_a_cut():
    first = grays(range(10))
    assert cuts_in([*first, *(cv2.resize(gray, (640, 360)) for gray in first)]) == [10]


def test_a_show_of_pictures_is_all_cuts():
    random = np.random.default_rng(0)
    shots = [cv2.resize(random.integers(0, 256, (9, 16), dtype=np.uint8), (432, 240))
             for _ in range(5)]
    assert cuts_in(shots) == [1, 2, 3, 4]
