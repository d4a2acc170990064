"""The detector of this checkout beside that of another one, in runs that take turns.

    git worktree add ../before HEAD~10
    python -m benchmarks.versions ../before samples/faces.mp4

For each: CPU seconds and peak memory from the start to the first frame's result; frames a second
and CPU milliseconds a frame over the whole video with --csv, beyond the start; CPU milliseconds a
face to classify 1, 2 and 4 faces at a time on one core.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from config import emotion_config as config

RUNS = 3

FACES = """
import os, sys, time
from statistics import median
import numpy as np
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
from pipeline.detection.faces.emotionclassifier import EmotionClassifier
classifier = EmotionClassifier("checkpoints/model.hdf5", *sys.argv[1:])
gray = np.random.default_rng(0).integers(0, 256, (400, 400), dtype=np.uint8)
for faces in (1, 2, 4):
    boxes, times = np.tile((50, 50, 200, 200), (faces, 1)), []
    for _ in range(150):
        began = time.process_time()
        classifier.classify(gray, boxes)
        times.append(1000 * (time.process_time() - began) / faces)
    print(median(times[20:]))
"""


def run_detector(folder, video, *arguments):
    """Run a checkout's detector; return its CPU seconds, peak megabytes and what it printed."""
    with tempfile.TemporaryDirectory() as output:
        process = subprocess.Popen(
            [sys.executable, folder / "emotion_detector.py", "--video", Path(video).resolve(),
             "--no-display", "--csv", Path(output) / "x.csv", *arguments],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{folder}: the detector failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed


def measure(folder, video, *arguments):
    """Return what one turn of a checkout gives, as named below."""
    first, megabytes, _ = run_detector(folder, video, "--max-frames", "1", *arguments)
    seconds, most, printed = run_detector(folder, video, *arguments)
    frames, rate = (int(re.search(rf"{name}\D+(\d+)", printed)[1])
                    for name in ("frames", "frames a second"))
    faces = subprocess.run([sys.executable, "-c", FACES, *arguments[1:]], cwd=folder, check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return (first, megabytes, most, rate, 1000 * (seconds - first) / (frames - 1),
            *map(float, faces.split()))


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="folder of the other checkout")
    parser.add_argument("video", help="a file, with a face or more")
    args = parser.parse_args(argv)
    other, video = args.other.resolve(), args.video
    ways = {
        "before": (other,),
        "now, float32": (config.BASE_PATH, "--precision", "float32"),
        "now": (config.BASE_PATH,),
    }
    found = {way: [] for way in ways}
    for _ in range(RUNS):
        for way, (folder, *arguments) in ways.items():
            found[way].append(measure(folder, video, *arguments))
    for way, turns in found.items():
        first, megabytes, most, rate, each, one, two, four = map(median, zip(*turns))
        print(f"{Path(video).name}, {way}: first result after {first:.2f} CPU s, "
              f"{megabytes:.0f} MB; {rate:.0f} frames/s, {each:.1f} CPU ms a frame, "
              f"at most {most:.0f} MB; {one:.2f} ms a face, {two:.2f} ms of 2, {four:.2f} ms of 4")


if __name__ == "__main__":
    main()
