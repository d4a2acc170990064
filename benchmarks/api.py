"""What EmotionDetector costs beside emotion_detector.py, which does the same work.

    python -m benchmarks.api

CPU seconds and most memory of a fresh interpreter up to its first result, of the script and of the
API in turns, and of the `fer` package if it is installed; milliseconds of `detect` beyond finding
and classifying; memory over 10,000 calls.
"""

import argparse
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.soak import resident_megabytes
from config import emotion_config as config
from pipeline.api import EmotionDetector

PICTURE = config.BASE_PATH / "samples" / "faces.jpg"
VIDEO = config.BASE_PATH / "samples" / "faces.mp4"
SCRIPT = str(config.BASE_PATH / "emotion_detector.py")
API = "from pipeline.api import EmotionDetector; "
RUNS = 5

FIRST = {
    "script, picture": [SCRIPT, "--no-display", "--image", str(PICTURE)],
    "API, picture": ["-c", f"{API}EmotionDetector().detect({str(PICTURE)!r})"],
    "script, video": [SCRIPT, "--no-display", "--video", str(VIDEO), "--max-frames", "1"],
    "API, video": ["-c", f"{API}next(EmotionDetector().watch({str(VIDEO)!r}))"],
    "fer, picture": ["-c", "import cv2; from fer.fer import FER; "
                           f"FER().detect_emotions(cv2.imread({str(PICTURE)!r}))"],
}


def first_result(arguments):
    """Return the CPU seconds and the most megabytes of a Python process."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=config.BASE_PATH,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"ended with {status}: {arguments}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def print_first_results():
    ways = [way for way in FIRST if way != "fer, picture" or find_spec("fer")]
    found = {way: [] for way in ways}
    for run in range(RUNS + 1):
        for way in ways:
            result = first_result(FIRST[way])
            if run:  # the first ones compile modules
                found[way].append(result)
    for way, results in found.items():
        seconds, megabytes = (median(values) for values in zip(*results))
        print(f"{way}: first result after {seconds:.2f} CPU s, at most {megabytes:.0f} MB")


def timed(function, seconds):
    """Return a function that adds to seconds[0] how long it takes."""
    def call(*arguments):
        began = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            seconds[0] += time.perf_counter() - began
    return call


def print_overhead(detector, width, height):
    """Print the milliseconds of detect that are neither finding nor classifying."""
    image = np.asarray(Image.open(PICTURE).resize((width, height)))
    inside = [0.0]
    detector.detect(image)
    analyzer = detector._idle[0]
    analyzer.detector.detect = timed(analyzer.detector.detect, inside)
    analyzer.classifier.classify = timed(analyzer.classifier.classify, inside)
    beyond, whole = [], []
    for _ in range(60):
        inside[0], began = 0.0, time.perf_counter()
        detector.detect(image)
        whole.append(time.perf_counter() - began)
        beyond.append(whole[-1] - inside[0])
    print(f"detect, {width} x {height}: {1000 * median(beyond):.2f} ms beyond finding and "
          f"classifying, of {1000 * median(whole):.1f} ms")


def print_memory(detector, calls):
    image = np.asarray(Image.open(PICTURE))
    for call in range(1, calls + 1):
        detector.detect(image)
        if call in (calls // 10, calls // 2, calls):
            print(f"after {call:,} calls: {resident_megabytes(os.getpid()):.1f} MB", flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000, help="(default: %(default)s)")
    args = parser.parse_args(argv)
    print_first_results()
    for size in ((432, 240), (1920, 1080), (4000, 3000)):
        print_overhead(EmotionDetector(), *size)
    print_memory(EmotionDetector(), args.calls)


if __name__ == "__main__":
    main()
