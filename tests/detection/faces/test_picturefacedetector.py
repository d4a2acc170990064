import cv2
import numpy as np
import pytest

from pipeline.detection.faces.boxes import non_maximum_suppression, overlap
from pipeline.detection.faces.facedetector import (
    LOOK_SIDE,
    FaceDetector,
    PictureFaceDetector,
    looks,
)
from tests.conftest import CASCADE, SAMPLE_PICTURE


@pytest.fixture(scope="module")
def detector():
    return PictureFaceDetector(CASCADE)


@pytest.fixture(scope="module")
def gray():
    return cv2.imread(str(SAMPLE_PICTURE), cv2.IMREAD_GRAYSCALE)


def test_finds_the_faces_and_not_what_one_cascade_takes_for_one(detector, gray):
    assert len(FaceDetector(CASCADE, pictures=True).detect(gray)) == 3  # a shoulder too
    boxes = detector.detect(gray)
    assert len(boxes) == 2
    assert boxes[0, 0] < gray.shape[1] / 2 < boxes[1, 0]


def test_finds_a_group_of_small_faces(detector, gray):
    person = cv2.resize(gray[30:190, 30:220], None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    group = np.full((900, 1280), 120, np.uint8)
    height, width = person.shape
    expected = []
    for row in range(3):
        for column in range(6):
            x, y = 40 + 200 * column, 60 + 280 * row
            group[y:y + height, x:x + width] = person[:, ::(-1) ** column]
            expected.append((x, y, width, height))
    boxes = detector.detect(group)
    assert len(boxes) == 18
    for place in expected:
        assert any(overlap(box, place) > 0.2 for box in boxes)


@pytest.mark.parametrize("degrees", [-12, 12])
def test_finds_tilted_faces(detector, gray, degrees):
    height, width = gray.shape
    for center in ((113, 107), (324, 84)):
        matrix = cv2.getRotationMatrix2D(center, degrees, 1)
        tilted = cv2.warpAffine(gray, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        boxes = detector.detect(tilted)
        assert any(overlap(box, (center[0] - 40, center[1] - 40, 80, 80)) > 0.3 for box in boxes)


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (10, 2000), (2000, 10), (300, 300)])
def test_images_without_a_face_have_none(detector, shape):
    random = np.random.default_rng(0)
    assert detector.detect(random.integers(0, 256, shape, dtype=np.uint8)).shape == (0, 4)


def test_a_face_that_fills_its_picture_is_found(detector, gray):
    box, = detector.detect(np.ascontiguousarray(gray[50:165, 55:170]))
    assert overlap(box, (0, 0, 115, 115)) > 0.6


def test_each_look_has_the_box_in_its_middle():
    image = np.zeros((200, 300), np.uint8)
    image[0:40, 250:290] = 255
    for look in looks(image, (250, 0, 40, 40)):
        middle = look.shape[0] // 2
        assert look.shape[0] == look.shape[1] > LOOK_SIDE
        assert look[middle - 20:middle + 20, middle - 20:middle + 20].mean() > 250
        assert look[-5:].max() == look[:, :3].max() == 0


def test_of_boxes_of_one_face_the_best_is_kept():
    best, inside, beside = (0, 0, 40, 40), (10, 10, 15, 15), (35, 0, 40, 40)
    assert non_maximum_suppression([best, inside, beside]) == [best, beside]
