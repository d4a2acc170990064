"""Faces found and false alarms in composed pictures, by ways to search them.

    python -m benchmarks.pictures datasets/fer2013/hdf5/train.hdf5 FOLDER [YUNET.onnx]

FOLDER has pictures without a face, such as scikit-image's and scikit-learn's with their people cut
off. They are mixed to 120 backgrounds; into two of three are pasted one to twelve of FER2013's
training faces, a twenty-fifth to a quarter as wide as the picture: turned, squeezed, covered in
part, blurred, pale, dark and noisy. So faces are harder to find than in photos, and ways can be
told apart. The choices in pipeline/detection/faces/facedetector.py are from here.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path

import cv2
import h5py
import numpy as np

from config import emotion_config as config
from pipeline.detection.faces.boxes import non_maximum_suppression, overlap
from pipeline.detection.faces.detectormodel import load_cascade
from pipeline.detection.faces.facedetector import (
    MIN_FACE,
    SCALE_FACTOR,
    PictureFaceDetector,
    confirming_cascade,
    shrunk_to_width,
)
from pipeline.detection.faces.yunetdetector import YuNetDetector

PICTURES = 120
LEAST_OVERLAP = 0.35  # of a box with the face that it finds


def background(random, photos, width, height):
    """Return (height, width) float32: crops of photos without a face, side by side."""
    edges = np.linspace(0, width, random.integers(2, 5)).astype(int)
    columns = []
    for left, right in pairwise(edges):
        photo = photos[random.integers(len(photos))][:, ::random.choice([-1, 1])]
        share = (right - left) / height
        crop_height = int(random.uniform(0.6, 1) * min(photo.shape[0], photo.shape[1] / share))
        crop_width = max(1, int(crop_height * share))
        top = random.integers(photo.shape[0] - crop_height + 1)
        side = random.integers(photo.shape[1] - crop_width + 1)
        columns.append(cv2.resize(np.ascontiguousarray(
            photo[top:top + crop_height, side:side + crop_width]), (right - left, height)))
    return np.hstack(columns).astype(np.float32)


def paste(random, image, face, box):
    """Put a face (48, 48) into the box of an image, in any of the states that faces are in."""
    x, y, side, _ = box
    face = face[:, ::random.choice([-1, 1])].astype(np.float32)
    covered = random.integers(20)  # by a mask, a hand, a fringe, as often as not by nothing
    if covered == 0:
        face[random.integers(26, 34):] = random.uniform(20, 230)
    elif covered == 1:
        face[:, :random.integers(5, 14)] = random.uniform(20, 230)
    elif covered == 2:
        face[:random.integers(5, 11)] = random.uniform(20, 230)
    face = (face - face.mean()) * random.uniform(0.7, 1.1) + face.mean() * random.uniform(0.5, 1.1)
    turned = random.normal(0, 8) if random.random() < 0.9 else random.uniform(-35, 35)
    matrix = cv2.getRotationMatrix2D((24, 24), turned, side / 48)
    matrix[0] *= random.uniform(0.8, 1.05)
    matrix[:, 2] = np.add((x, y), side / 2) - matrix[:, :2] @ (24, 24)
    mask = cv2.copyMakeBorder(np.ones((44, 44), np.float32), 2, 2, 2, 2, cv2.BORDER_CONSTANT)
    size = image.shape[1], image.shape[0]
    face = cv2.warpAffine(face, matrix, size, flags=cv2.INTER_CUBIC,
                          borderMode=cv2.BORDER_REPLICATE)
    if random.random() < 0.15:
        face = cv2.GaussianBlur(face, (0, 0), side * random.uniform(0.01, 0.04))
    mask = cv2.warpAffine(cv2.GaussianBlur(mask, (0, 0), 1.2), matrix, size)
    image += mask * (face - image)


def picture(seed, photos, faces):
    """Return a picture (height, width) uint8 and the boxes of its faces."""
    random = np.random.default_rng(seed)
    width = int(random.choice([500, 640, 800, 1024, 1280]))
    height = int(width * random.choice([0.56, 0.66, 0.75, 1, 1.33]))
    image = background(random, photos, width, height)
    boxes = []
    count = 0 if seed % 3 == 2 else random.choice([1, 1, 2, 3, 4, 6, 8, 12])
    while len(boxes) < count:
        side = int(width * np.exp(random.uniform(np.log(0.04), np.log(0.25))))
        count -= 0.1  # a picture may be too full for all of them
        box = (random.integers(width - side), random.integers(height - side), side, side)
        if all(overlap(box, other) == 0 for other in boxes):
            paste(random, image, faces[random.integers(len(faces))], box)
            boxes.append(box)
            count += 0.1
    noise = random.normal(0, random.choice([0, 2, 5, 8]), image.shape)
    return np.clip(image * random.uniform(0.5, 1) + noise, 0, 255).astype(np.uint8), boxes


class Tally:
    """Counts what ways to search find: faces, false alarms, seconds of a processor."""

    def __init__(self):
        self._rows = {}
        self._faces = self._pictures = 0

    def expect(self, boxes):
        """Count the faces of the next picture."""
        self._boxes = boxes
        self._faces += len(boxes)
        self._pictures += 1

    def add(self, way, found, seconds):
        """Count the boxes that a way found in this picture, and its seconds."""
        missing = list(self._boxes)
        row = self._rows.setdefault(way, [0, 0, 0.0])
        row[2] += seconds
        for box in found:
            hit = next((other for other in missing if overlap(box, other) > LEAST_OVERLAP), None)
            row[hit is None] += 1
            if hit is not None:
                missing.remove(hit)

    def print(self):
        """Print a line for each way."""
        print(f"{self._faces} faces in {self._pictures} pictures")
        for way, (hits, alarms, seconds) in self._rows.items():
            print(f"{way:62} {hits / self._faces:6.1%} {alarms:4} false alarms "
                  f"{1000 * seconds / self._pictures:5.0f} ms")


def timed(function, *arguments, **options):
    """Return what a function returns, and the seconds of a processor that it took."""
    began = time.process_time()
    result = function(*arguments, **options)
    return result, time.process_time() - began


def search_alone(tally, name, cascade, image, width):
    """Count what one cascade finds by itself, by its neighbours."""
    shrunk = shrunk_to_width(image, width)
    (boxes, counts), seconds = timed(cascade.detectMultiScale2, shrunk, scaleFactor=SCALE_FACTOR,
                                     minNeighbors=1, minSize=(MIN_FACE, MIN_FACE))
    boxes = np.reshape(boxes, (-1, 4)) * (image.shape[1] / shrunk.shape[1])
    for neighbors in (3, 5, 8):
        tally.add(f"{name}, width {width}, {neighbors} neighbours",
                  boxes[np.array(counts, dtype=int) > neighbors], seconds)


def search_by_levels(tally, name, cascade, image, width):
    """Count what one cascade finds by the weight of its last stage (reject levels)."""
    shrunk = shrunk_to_width(image, width)
    (boxes, levels, weights), seconds = timed(
        cascade.detectMultiScale3, shrunk, scaleFactor=SCALE_FACTOR, minNeighbors=3,
        minSize=(MIN_FACE, MIN_FACE), outputRejectLevels=True)
    boxes = np.reshape(boxes, (-1, 4)) * (image.shape[1] / shrunk.shape[1])
    last = np.max(levels, initial=0)
    for least in (2, 4, 6):
        kept = (np.array(levels) == last) & (np.array(weights) > least)
        tally.add(f"{name}, width {width}, reject levels, weight over {least}",
                  boxes[kept], seconds)


def search_twice(tally, confirming, detector, image):
    """Count what one cascade proposes and another confirms, by support and smallest face."""
    (boxes, support), seconds = timed(detector.proposals, image)
    sides = boxes[:, 2] * min(1, detector.width / image.shape[1])
    for least_side, least_support in ((24, 8), (30, 4), (30, 8), (30, 16), (30, 32), (36, 8)):
        kept = boxes[(support >= least_support) & (sides >= least_side)]
        tally.add(f"default, confirmed by {confirming}, smallest face {least_side}, "
                  f"support {least_support}", non_maximum_suppression(kept), seconds)


def main():
    with h5py.File(sys.argv[1]) as file:
        faces = file["images"][:].reshape(-1, 48, 48)
    photos = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
              for path in sorted(Path(sys.argv[2]).iterdir())]
    cv2.setNumThreads(1)
    cascades = {"default": load_cascade(config.CASCADE_PATH),
                "alt2": load_cascade(confirming_cascade())}
    detectors = [PictureFaceDetector(config.CASCADE_PATH, path, min_face=24)
                 for path in (config.CASCADE_PATH, confirming_cascade())]
    yunet = YuNetDetector(sys.argv[3], pictures=True) if len(sys.argv) > 3 else None
    tally = Tally()
    for seed in range(PICTURES):
        image, boxes = picture(seed, photos, faces)
        tally.expect(boxes)
        search_alone(tally, "default", cascades["default"], image, 300)
        for name, cascade in cascades.items():
            search_alone(tally, name, cascade, image, 640)
        search_by_levels(tally, "default", cascades["default"], image, 640)
        for name, detector in zip(cascades, detectors):
            search_twice(tally, name, detector, image)
        if yunet:
            tally.add("YuNet, longest side 640", *timed(
                yunet.detect, cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)))
    tally.print()


if __name__ == "__main__":
    main()
