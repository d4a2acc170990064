import cv2
import numpy as np
import pytest

from pipeline.detection.faces.boxes import overlap
from pipeline.detection.faces.facedetector import FaceDetector
from pipeline.detection.faces.yunetdetector import YuNetDetector, squares, within
from tests.conftest import CASCADE, SAMPLE_PICTURE


@pytest.fixture(scope="module")
def image():
    return cv2.imread(str(SAMPLE_PICTURE))


def test_finds_both_faces_where_the_cascade_does(yunet, image):
    boxes = YuNetDetector(yunet).detect(image)
    expected = FaceDetector(CASCADE).detect(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    assert len(boxes) == len(expected) == 2
    for box, other in zip(boxes, expected):
        assert overlap(box, other) > 0.6


def test_boxes_are_squares_in_the_images_own_pixels(yunet, image):
    small = YuNetDetector(yunet).detect(image)
    large = YuNetDetector(yunet, width=432).detect(
        cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC))
    for box, other in zip(small, large, strict=True):
        assert overlap(box * 4, other) > 0.8
        assert abs(other[2] - other[3]) <= 1


def test_a_face_at_the_border_is_cut_there(yunet, image):
    x, _, width, _ = YuNetDetector(yunet).detect(image)[0]
    cut = image[:, x + width // 4:]
    box = YuNetDetector(yunet).detect(cut)[0]
    assert box[0] == 0 and box[2] < box[3]


def test_small_faces_are_left_out_on_demand(yunet, image):
    assert len(YuNetDetector(yunet, width=432, min_face=70).detect(image)) == 1


def test_pictures_are_searched_finer_than_videos(yunet, image):
    group = cv2.resize(image, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    wide = cv2.copyMakeBorder(group, 200, 200, 255, 255, cv2.BORDER_CONSTANT, value=(90, 90, 90))
    assert len(YuNetDetector(yunet, pictures=True).detect(wide)) == 2
    assert len(YuNetDetector(yunet, pictures=True, width=100).detect(wide)) == 0


def sides_searched(detector, images):
    """Return the longest side at which each image is searched."""
    sides = []
    search = detector._find
    detector._find = lambda image, longest: sides.append(longest) or search(image, longest)
    for number, image in enumerate(images):
        detector.detect(image, number / 20)
    return sides


def test_of_a_video_what_may_have_small_faces_is_searched_finer(yunet, image):
    one = image[:, :216]
    far = cv2.copyMakeBorder(one, 600, 600, 650, 650, cv2.BORDER_CONSTANT, value=(90, 90, 90))
    video = {"one": [one] * 13, "two": [image] * 13, "far": [far] * 3, "none": [one[:30]] * 13}
    sides = {what: sides_searched(YuNetDetector(yunet), frames) for what, frames in video.items()}
    assert sides == {"one": [640] + [320] * 12, "two": [640] + [320] * 9 + [640] + [320] * 2,
                     "far": [640] * 3, "none": [640] + [320] * 9 + [640] + [320] * 2}
    assert sides_searched(YuNetDetector(yunet, width=100), [far]) == [100]


@pytest.mark.parametrize("shape", [(1, 1), (23, 32), (2, 1500), (1500, 2), (31, 17)])
def test_tiny_and_thin_images_give_boxes_that_lie_in_them(yunet, shape):
    random = np.random.default_rng(0)
    detector = YuNetDetector(yunet)
    for _ in range(20):
        boxes = detector.detect(random.integers(0, 256, (*shape, 3), dtype=np.uint8))
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, :2] + boxes[:, 2:] <= (shape[1], shape[0])).all()


def test_boxes_that_are_no_places_are_dropped():
    inside = [10, 10, 20, 20]
    boxes = np.array([inside, [np.inf, 0, 5, 5], [0, 0, np.nan, 5], [0, 0, -5, 5],
                      [-1e12, 0, 2e12, 20], [95, 95, 20, 20], [200, 10, 20, 20]])
    assert within(boxes, (100, 100)).tolist() == [inside]


def test_the_square_is_about_the_boxs_centre():
    assert squares(np.array([[10.0, 20, 80, 100]])).tolist() == [[2.5, 22.5, 95, 95]]
