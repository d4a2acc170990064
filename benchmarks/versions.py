"""The detector of this checkout beside that of others, on a video with --csv and --output.

    python -m benchmarks.versions VIDEO PATH/TO/ANOTHER/CHECKOUT [...]

The runs are interleaved, so that what else the machine does meets all alike. Of each checkout it
prints the best rate that a run prints, and the median of the processor time of a whole run, which
depends less on what else runs.
"""

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from config import emotion_config as config

RUNS = 3


def run(checkout, video):
    """Return the frames a second that a run prints, and its processor time in seconds."""
    before = processor_seconds()
    with tempfile.TemporaryDirectory() as folder:
        printed = subprocess.run(
            [sys.executable, checkout / "emotion_detector.py", "--video", video, "--no-display",
             "--csv", Path(folder) / "x.csv", "--output", Path(folder) / "x.mp4"],
            check=True, capture_output=True, text=True).stdout
    return float(re.search(r"frames a second\D+(\d+)", printed)[1]), processor_seconds() - before


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    video, *others = sys.argv[1:]
    checkouts = [config.BASE_PATH, *map(Path, others)]
    results = {checkout: [] for checkout in checkouts}
    for _ in range(RUNS):
        for checkout in checkouts:
            results[checkout].append(run(checkout, video))
    for checkout, runs in results.items():
        version = subprocess.run(["git", "-C", checkout, "log", "-1", "--format=%h %s"],
                                 check=True, capture_output=True, text=True).stdout.strip()
        print(f"{max(rate for rate, _ in runs):6.1f} frames/s, "
              f"{median(seconds for _, seconds in runs):6.2f} CPU s a run: {version}")


if __name__ == "__main__":
    main()
