import cv2
import numpy as np
import pytest

from pipeline.detection.faces.boxes import overlap
from pipeline.detection.faces.facedetector import (
    FaceDetector,
    PictureFaceDetector,
    clipped,
    shrunk_to_width,
)
from pipeline.errors import UserError
from tests.conftest import CASCADE, SAMPLE_PICTURE


@pytest.fixture(scope="module")
def gray():
    return cv2.imread(str(SAMPLE_PICTURE), cv2.IMREAD_GRAYSCALE)


def test_finds_both_faces_the_largest_first(gray):
    boxes = FaceDetector(CASCADE).detect(gray)
    assert len(boxes) == 2
    areas = boxes[:, 2] * boxes[:, 3]
    assert areas[0] > areas[1]
    assert boxes[0, 0] < gray.shape[1] / 2 < boxes[1, 0]


def test_boxes_are_in_the_frames_own_pixels(gray):
    small = FaceDetector(CASCADE).detect(gray)
    large = FaceDetector(CASCADE).detect(
        cv2.resize(gray, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC))
    for box, other in zip(small, large, strict=True):
        assert overlap(box * 4, other) > 0.7


def test_known_faces_are_followed_between_full_scans(gray):
    detector = FaceDetector(CASCADE, full_scan_every=0.25)
    for shift in range(0, 20, 2):
        moved = np.roll(gray, shift, axis=1)
        expected = FaceDetector(CASCADE).detect(moved)
        found = detector.detect(moved, shift / 40)
        assert len(found) == len(expected) == 2
        for box, other in zip(found, expected):
            assert overlap(box, other) > 0.7


@pytest.mark.parametrize(("step", "expected"), [
    (0.02, [1, 1, 1, 1, 2]), (0.05, [1, 2, 2, 2, 2]), (1, [2, 2, 2, 2, 2])])
def test_a_new_face_is_found_by_the_next_full_scan(gray, step, expected):
    left = gray.copy()
    left[:, left.shape[1] // 2:] = 128
    detector = FaceDetector(CASCADE, full_scan_every=0.1)
    assert len(detector.detect(left, 0)) == 1
    assert [len(detector.detect(gray, step * frame)) for frame in range(1, 6)] == expected


def test_a_lost_face_brings_the_full_scan_forward(gray):
    detector = FaceDetector(CASCADE, full_scan_every=5)
    assert len(detector.detect(gray)) == 2
    swapped = np.ascontiguousarray(gray[:, ::-1])
    assert len(detector.detect(swapped)) == 2


def test_forgetting_looks_at_everything(gray):
    left = gray.copy()
    left[:, left.shape[1] // 2:] = 128
    detector = FaceDetector(CASCADE, full_scan_every=5)
    detector.detect(left)
    detector.forget()
    assert len(detector.detect(gray)) == 2


@pytest.fixture(scope="module")
def far(gray):
    """Both people in a frame that is ten times as wide as their faces or more."""
    return cv2.copyMakeBorder(gray, 260, 260, 330, 330, cv2.BORDER_CONSTANT, value=90)


def closer_detector():
    return FaceDetector(CASCADE, full_scan_every=0.5, closer=PictureFaceDetector(CASCADE))


def test_small_faces_of_a_video_are_found_and_followed(far):
    assert len(FaceDetector(CASCADE).detect(far)) == 0
    detector = closer_detector()
    for shift in range(0, 96, 8):
        moved = np.roll(far, shift, axis=1)
        boxes = detector.detect(moved, shift / 160)
        assert len(boxes) == 2
        assert 375 <= boxes[0, 0] - shift <= 415


def test_a_frame_is_looked_at_closely_where_there_may_be_small_faces(gray):
    one = gray[:, :216]
    for images, looks in (([one] * 25, 1), ([gray] * 25, 3), ([one[:30]] * 25, 3)):
        detector = closer_detector()
        counted = []
        find = detector._closer.detect
        detector._closer.detect = lambda image, find=find, counted=counted: (
            counted.append(1) or find(image))
        for number, image in enumerate(images):
            detector.detect(image, number / 20)
        assert len(counted) == looks


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (10, 2000), (2000, 10)])
def test_images_without_room_for_a_face_have_none(shape):
    boxes = FaceDetector(CASCADE).detect(np.zeros(shape, np.uint8))
    assert boxes.shape == (0, 4)


def test_boxes_at_the_border_are_clipped():
    image = np.zeros((100, 200), np.uint8)
    boxes = clipped(np.array([[-10.0, -5.0, 40.0, 40.0], [180, 90, 40, 40], [300, 0, 5, 5]]), image)
    assert boxes.tolist() == [[0, 0, 30, 35], [180, 90, 20, 10]]


@pytest.mark.parametrize("content", ["", "not XML", "<opencv_storage></opencv_storage>"])
def test_what_is_no_cascade_is_named(tmp_path, content):
    path = tmp_path / "cascade.xml"
    path.write_text(content)
    with pytest.raises(UserError, match="not a cascade"):
        FaceDetector(path)


def test_a_very_wide_picture_is_shrunk_to_a_height_of_one():
    assert shrunk_to_width(np.zeros((3, 3000), np.uint8), 300).shape == (1, 300)
    assert shrunk_to_width(np.zeros((600, 900, 3), np.uint8), 300).shape == (200, 300, 3)


@pytest.mark.parametrize(
    ("second", "share"),
    [((0, 0, 10, 10), 1), ((5, 0, 10, 10), 1 / 3), ((10, 0, 10, 10), 0), ((20, 20, 5, 5), 0),
     ((0, 0, 5, 10), 0.5)],
)
def test_overlap_is_intersection_over_union(second, share):
    assert overlap((0, 0, 10, 10), second) == pytest.approx(share)
