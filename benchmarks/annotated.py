"""The detector of this checkout with --csv and --output beside that of others, in turns.

    git worktree add ../before 87c844b
    python -m benchmarks.annotated samples/faces.mp4 ../before

For each: frames a second as the run prints them, the best of some turns, and CPU milliseconds a
frame beyond the first one's, their median.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.versions import run_detector
from config import emotion_config as config

RUNS = 3


def measure(folder, video):
    """Return the frames a second of a run, and CPU milliseconds a frame."""
    with tempfile.TemporaryDirectory() as output:
        arguments = ("--output", Path(output) / "x.mp4")
        first, _, _ = run_detector(folder, video, "--max-frames", "1", *arguments)
        seconds, _, printed = run_detector(folder, video, *arguments)
    frames, rate = (int(re.search(rf"{name}\D+(\d+)", printed)[1])
                    for name in ("frames", "frames a second"))
    return rate, 1000 * (seconds - first) / (frames - 1)


def main():
    video, *others = sys.argv[1:]
    folders = [*(Path(other).resolve() for other in others), config.BASE_PATH]
    found = {folder: [] for folder in folders}
    for _ in range(RUNS):
        for folder in folders:
            found[folder].append(measure(folder, video))
    for folder, turns in found.items():
        version = subprocess.run(["git", "-C", folder, "log", "-1", "--format=%h"],
                                 check=True, capture_output=True, text=True).stdout.strip()
        rates, each = zip(*turns)
        print(f"{Path(video).name}, --csv --output, {version}: {max(rates)} frames/s, "
              f"{median(each):.1f} CPU ms a frame")


if __name__ == "__main__":
    main()
