"""Frames a second of the detector on a video, without a display, beside other ways.

    python -m benchmarks.detector samples/faces.mp4

Ours, as a user runs it (the rate that the run prints), with --csv and with --output; the original
system's way (the same cascade on every whole frame, model.predict on the largest face); the floor
of decoding and searching every whole frame; and the `fer` package if it is installed. With each,
the share of frames in which it finds a face. Then milliseconds to classify a face in float32, and
in int8 with its mirror image, as the detector does, and seconds to the first frame's result.
"""

import argparse
import csv
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from config import emotion_config as config
from pipeline.process.imports import import_keras, prepare_opencv

SCRIPT = config.BASE_PATH / "emotion_detector.py"
RUNS = 3


def frames_of(video):
    import cv2

    capture = cv2.VideoCapture(video)
    while True:
        read, frame = capture.read()
        if not read:
            return
        yield frame


def measure(video, has_face):
    """Return the best rate of some runs of has_face over every frame, and its share of frames."""
    rates = []
    for _ in range(RUNS):
        began = time.perf_counter()
        found = [bool(has_face(frame)) for frame in frames_of(video)]
        rates.append(len(found) / (time.perf_counter() - began))
    return max(rates), sum(found) / len(found)


def ours(video, output):
    """Return the same of emotion_detector.py with --csv, and with --output if asked."""
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "x.csv"
        arguments = ["--video", video, "--no-display", "--csv", table]
        if output:
            arguments += ["--output", Path(folder) / "x.mp4"]
        for _ in range(RUNS):
            printed = subprocess.run(
                [sys.executable, SCRIPT, *map(str, arguments)],
                check=True, capture_output=True, text=True).stdout
            rates.append(float(re.search(r"frames a second\D+(\d+)", printed)[1]))
            frames = int(re.search(r"frames\D+(\d+)", printed)[1])
        with open(table, newline="") as file:
            with_face = {row["frame"] for row in csv.DictReader(file) if row["face"]}
    return max(rates), len(with_face) / frames


def original_way():
    import cv2

    from pipeline.detection.faces.facedetector import FaceDetector
    from pipeline.io import checkpoint

    detector = FaceDetector(config.CASCADE_PATH)
    model, _ = checkpoint.load(config.MODEL_PATH)

    def has_face(frame):
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        boxes = detector.detect(gray)
        for x, y, width, height in boxes[:1]:
            face = cv2.resize(gray[y:y + height, x:x + width], (48, 48))
            model.predict(face[None, ..., None].astype("float32") / 255, verbose=0)
        return len(boxes)

    return has_face


def floor():
    import cv2

    from pipeline.detection.faces.facedetector import FaceDetector

    detector = FaceDetector(config.CASCADE_PATH)
    return lambda frame: len(detector.detect(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)))


def fer_package():
    try:
        from fer.fer import FER
    except ImportError:
        return None
    return FER().detect_emotions


def milliseconds_a_face(precision):
    import numpy as np

    from pipeline.detection.faces.emotionclassifier import EmotionClassifier

    classifier = EmotionClassifier(config.MODEL_PATH, precision)
    gray = np.random.default_rng(0).integers(0, 256, (400, 400), dtype=np.uint8)
    for faces in (1, 4):
        boxes = np.tile((50, 50, 200, 200), (faces, 1))
        times = []
        for _ in range(300):
            began = time.perf_counter()
            classifier.classify(gray, boxes)
            times.append(time.perf_counter() - began)
        print(f"classifying {faces} face(s) in {precision}: "
              f"{1000 * median(times[20:]) / faces:.2f} ms a face")


def first_result(video):
    """Print the seconds from the start to the end of a run of one frame."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, SCRIPT, "--video", video, "--no-display",
                        "--max-frames", "1"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    print(f"first frame's result: {min(times):.2f} s after the start")


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", help="a file, with a face or more")
    video = parser.parse_args(argv).video
    prepare_opencv()
    import_keras()
    results = {
        "ours, --csv": ours(video, output=False),
        "ours, --csv --output": ours(video, output=True),
        "the original's way": measure(video, original_way()),
        "floor: decode and cascade": measure(video, floor()),
    }
    fer = fer_package()
    if fer:
        results["fer package"] = measure(video, fer)
    for name, (rate, share) in results.items():
        print(f"{name:26} {rate:6.1f} frames/s, a face in {share:.1%} of frames")
    for precision in ("float32", "int8"):
        milliseconds_a_face(precision)
    first_result(video)


if __name__ == "__main__":
    main()
