"""What finding faces in videos costs with the cascade and with YuNet, and what each finds.

    python -m benchmarks.faces face-596x336.mp4 face_detection_yunet_2026may.onnx

First the whole detector on the video, run after run with one and the other: frames a second, the
best of three. Then frame by frame in turn, milliseconds of a processor to find the faces: of the
cascade as the detector uses it, of the cascade on every whole frame, and of YuNet; on the video,
and on moving faces of the sample in frames of 1280 x 720, by their number and width.
"""

import argparse
import re
import resource
import subprocess
import sys
import time
from statistics import median

import cv2
import numpy as np

from benchmarks.detector import SCRIPT, frames_of
from config import emotion_config as config
from pipeline.detection.faces.facedetector import FaceDetector, PictureFaceDetector
from pipeline.detection.faces.yunetdetector import YuNetDetector

RUNS = 3
FRAMES = 30
RATE = 25  # frames a second
SAMPLE = config.BASE_PATH / "samples" / "faces.jpg"
HEADS = ((48, 30, 130, 150), (276, 30, 96, 111))  # in the sample: x, y, width, height
FACE = 0.66  # width of the face by that of its head


def whole_detector(video, yunet):
    """Print frames a second with one and the other, run in turn, and their frames with a face."""
    ways = {"cascade": ("--cascade", config.CASCADE_PATH), "YuNet": ("--detector", yunet)}
    rates, seconds = {way: [] for way in ways}, {way: [] for way in ways}
    for _ in range(RUNS):
        for way, arguments in ways.items():
            began = children_seconds()
            printed = subprocess.run(
                [sys.executable, SCRIPT, "--video", video, "--no-display", *arguments],
                check=True, capture_output=True, text=True).stdout
            seconds[way].append(children_seconds() - began)
            rates[way].append(int(re.search(r"frames a second\D+(\d+)", printed)[1]))
            frames, with_face = map(int, re.findall(r"(?:frames|with a face)\D+(\d+)", printed)[:2])
            if len(rates[way]) == RUNS:
                print(f"the whole detector, {way:8} {max(rates[way]):4} frames/s, "
                      f"{1000 * min(seconds[way]) / frames:.1f} ms of processors a frame with the "
                      f"start, a face in {with_face / frames:.1%} of frames", flush=True)


def children_seconds():
    """Return the seconds that child processes have used of processors."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def moving_faces(count, width):
    """Yield frames (720, 1280, 3) of moving faces of the sample, `width` pixels wide."""
    sample = cv2.imread(str(SAMPLE))
    heads = []
    for number in range(count):
        x, y, w, h = HEADS[number % 2]
        size = round(width / FACE), round(width / FACE * h / w)
        head = cv2.resize(sample[y:y + h, x:x + w], size, interpolation=cv2.INTER_AREA)
        heads.append(head[:, ::-1] if number % 4 > 1 else head)
    for frame in range(FRAMES):
        image = np.full((720, 1280, 3), 110, np.uint8)
        for number, head in enumerate(heads):
            x = 20 + number % 5 * 250 + round(20 * np.sin(frame / 5 + number))
            y = 60 + number // 5 * 330 + round(20 * np.cos(frame / 5 + number))
            image[y:y + head.shape[0], x:x + head.shape[1]] = head
        yield image


def in_turn(frames, yunet):
    """Print what each way finds, and its milliseconds a frame."""
    ways = {"cascade": FaceDetector(config.CASCADE_PATH, full_scan_every=0.5,
                                    closer=PictureFaceDetector(config.CASCADE_PATH)),
            "cascade, every whole frame": FaceDetector(config.CASCADE_PATH),
            "YuNet": YuNetDetector(yunet)}
    found = {way: [] for way in ways}
    times = {way: [] for way in ways}
    for number, image in enumerate(frames):
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        for way, detector in ways.items():
            began = time.process_time()
            boxes = detector.detect(image if detector.takes_color else gray, number / RATE)
            times[way].append(time.process_time() - began)
            found[way].append(len(boxes))
    for way in ways:
        print(f"    {way:32} {np.mean(found[way]):5.2f} faces a frame, a face in "
              f"{np.mean(np.array(found[way]) > 0):6.1%} of frames, "
              f"{1000 * np.mean(times[way]):5.1f} ms (median {1000 * median(times[way]):.1f})")


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", help="a file, with a face or more")
    parser.add_argument("yunet", help="YuNet's .onnx file")
    args = parser.parse_args(argv)
    video, yunet = args.video, args.yunet
    whole_detector(video, yunet)
    print("finding faces, in", video.rsplit("/", 1)[-1])
    in_turn(frames_of(video), yunet)
    for count, width in ((1, 200), (1, 60), (2, 150), (4, 120), (10, 60), (10, 90)):
        print(f"finding {count} face(s) of {width} pixels in 1280 x 720")
        in_turn(moving_faces(count, width), yunet)


if __name__ == "__main__":
    main()
