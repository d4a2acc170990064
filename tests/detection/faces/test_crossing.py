"""Four people who cross, small and fast, with either detector."""

import cv2
import numpy as np
import pytest

from pipeline.detection.faces.boxes import overlap
from pipeline.detection.faces.facedetector import FaceDetector
from pipeline.detection.faces.facetracker import FaceTracker, enlarged
from pipeline.detection.faces.yunetdetector import YuNetDetector
from tests.conftest import CASCADE, SAMPLE_PICTURE

FRAMES = 50
RATE = 20
SIZE = (854, 480)

# The sample's two heads (x, y, width, height), and of each whether it is in a mirror; then where
# it is in the first frame and where it is in the last, its left top corner's x and y.
HEADS = {"man": (48, 30, 130, 150), "astronaut": (276, 30, 96, 111)}
PEOPLE = (
    ("man", False, (0, 20), (760, 40)),
    ("astronaut", False, (760, 60), (0, 30)),
    ("astronaut", True, (20, 340), (760, 160)),
    ("man", True, (760, 350), (10, 170)),
)
HEAD = 92, 106  # pixels: a face of them is a sixteenth as wide as the frame


@pytest.fixture(scope="module")
def clip():
    """The frames, and in each the four boxes of the heads."""
    sample = cv2.imread(str(SAMPLE_PICTURE))
    frames = [np.full((SIZE[1], SIZE[0], 3), 110, np.uint8) for _ in range(FRAMES)]
    places = [[] for _ in range(FRAMES)]
    oval = cv2.ellipse(np.zeros((HEAD[1], HEAD[0], 1), np.float32), (HEAD[0] // 2, HEAD[1] // 2),
                       (HEAD[0] // 2 - 6, HEAD[1] // 2 - 4), 0, 0, 360, 1, cv2.FILLED)
    oval = cv2.GaussianBlur(oval, (0, 0), 3)[..., None]
    for who, mirrored, first, last in PEOPLE:
        x, y, width, height = HEADS[who]
        head = cv2.resize(sample[y:y + height, x:x + width], HEAD, interpolation=cv2.INTER_AREA)
        head = head[:, ::-1] if mirrored else head
        for number, frame in enumerate(frames):
            share = number / (FRAMES - 1)
            left, top = np.rint(np.add(np.multiply(first, 1 - share),
                                       np.multiply(last, share))).astype(int)
            area = frame[top:top + HEAD[1], left:left + HEAD[0]]
            area[:] = oval * head + (1 - oval) * area
            places[number].append((left, top, *HEAD))
    return frames, places


def numbers_of_people(frames, places, find):
    """Return for each person the numbers that it had, and in how many frames it had one."""
    tracker = FaceTracker()
    numbers, seen = [[] for _ in PEOPLE], 0
    for number, (frame, boxes) in enumerate(zip(frames, places)):
        for face in tracker.update(find(frame, number / RATE), number / RATE):
            near = [overlap(enlarged(face.box, 1.3), box) for box in boxes]
            if sum(share > 0.2 for share in near) == 1:  # not where two are in one place
                numbers[int(np.argmax(near))].append(face.number)
                seen += 1
    return [set(person) for person in numbers], seen


def test_each_keeps_its_number_with_yunet(clip, yunet):
    numbers, seen = numbers_of_people(*clip, YuNetDetector(yunet).detect)
    assert sorted(map(sorted, numbers)) == [[1], [2], [3], [4]]
    assert seen > 0.9 * len(PEOPLE) * FRAMES


def test_each_keeps_its_number_with_the_cascade(clip):
    detector = FaceDetector(CASCADE, width=640, full_scan_every=0.5)
    numbers, seen = numbers_of_people(
        *clip, lambda frame, seconds: detector.detect(
            cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), seconds))
    assert sorted(map(sorted, numbers)) == [[1], [2], [3], [4]]
    assert seen > 0.9 * len(PEOPLE) * FRAMES
