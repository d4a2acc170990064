"""Memory of the detector over a long run: it must not grow.

    python -m benchmarks.soak

Runs emotion_detector.py, with an annotated video and a table, on the sample repeated to 10,000
frames, and prints its resident memory as it goes.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import cv2

from config import emotion_config as config

SAMPLE = config.BASE_PATH / "samples" / "faces.mp4"


def repeat_sample(path, count):
    capture = cv2.VideoCapture(str(SAMPLE))
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    frames = []
    while True:
        read, frame = capture.read()
        if not read:
            break
        frames.append(frame)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 20, size)
    for frame in islice(cycle(frames), count):
        writer.write(frame)
    writer.release()


def resident_megabytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return None  # it has ended


def frames_so_far(folder):
    """Return the frame of the last whole row of the table, which has another name as it grows."""
    for table in folder.glob("x*.csv"):
        rows = table.read_text().splitlines()[1:-1]
        return int(rows[-1].split(",")[0]) if rows else 0
    return 0


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=int, nargs="?", default=10_000,
                        help="length of the video (default: %(default)s)")
    count = parser.parse_args(argv).frames
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        video = folder / "long.mp4"
        repeat_sample(video, count)
        process = subprocess.Popen(
            [sys.executable, config.BASE_PATH / "emotion_detector.py", "--no-display", "--video",
             video, "--csv", folder / "x.csv", "--output", folder / "x.mp4"],
            stdout=subprocess.DEVNULL)
        due = 0
        while process.poll() is None:
            frames = frames_so_far(folder)
            megabytes = resident_megabytes(process.pid)
            if frames >= due and frames and megabytes:
                print(f"after {frames:6,} frames: {megabytes:6.1f} MB", flush=True)
                due += count // 10
            time.sleep(0.5)
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
