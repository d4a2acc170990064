"""Time and memory of building the databases from fer2013.csv, and from its faces as pictures.

    python -m benchmarks.build_dataset datasets/fer2013/fer2013.csv

Each build is a process of its own; its memory is that of the largest of its processes. The
pictures are PNG files, one a face, in folders of their splits and classes.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config import emotion_config as config


def write_pictures(csv_path, folder):
    """Write the faces of fer2013.csv as PNG files to SPLIT/CLASS/NUMBER.png."""
    import cv2
    import numpy as np

    with open(csv_path, newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            image = np.array(row["pixels"].split(), np.uint8).reshape(48, 48)
            class_name = config.CLASS_NAMES[7][int(row["emotion"])]
            path = folder / config.SPLITS[row["Usage"]] / class_name / f"{number:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image)


def measure(flag, source):
    """Return the seconds and the peak megabytes of a build."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, config.BASE_PATH / "build_dataset.py", flag, source, "--output",
             folder], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    if status:
        sys.exit("the build failed")
    return seconds, usage.ru_maxrss / 1024


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="Kaggle's fer2013.csv")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(args.csv, Path(folder))
        for way, flag, source in (("rows", "--csv", args.csv), ("pictures", "--images", folder)):
            seconds, megabytes = measure(flag, source)
            print(f"{way}: {seconds:.2f} s, peak memory {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
