"""Time and memory of building the databases, against parsing each row in the plainest way.

    python -m benchmarks.build_dataset [datasets/fer2013/fer2013.csv]

Each of the two runs in a process of its own, on the same file. The plain way reads rows with the
csv module, parses the pixels by np.array(pixels.split(" "), dtype="uint8"), and writes with the
same HDF5DatasetWriter.
"""

import csv
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from config import emotion_config as config


def build_plainly(csv_path, output, classes):
    import numpy as np

    from pipeline.io.hdf5datasetwriter import HDF5DatasetWriter

    with ExitStack() as stack, open(csv_path, newline="") as file:
        writers = {
            usage: stack.enter_context(
                HDF5DatasetWriter.create(output / f"{split}.hdf5", config.IMAGE_SIZE))
            for usage, split in config.SPLITS.items()
        }
        for row in csv.DictReader(file):
            pixels = np.array(row["pixels"].split(" "), dtype="uint8")
            label = config.LABEL_TO_CLASS[classes][int(row["emotion"])]
            writers[row["Usage"]].add(pixels, label)


def measure(way, csv_path):
    """Build once in this process; print seconds and peak memory."""
    from build_dataset import build

    build = {"ours": build, "plain": build_plainly}[way]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        build(csv_path, Path(folder), config.DEFAULT_CLASSES)
        seconds = time.perf_counter() - began
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main():
    if sys.argv[1:2] == ["--way"]:
        return measure(sys.argv[2], Path(sys.argv[3]))
    csv_path = sys.argv[1] if sys.argv[1:] else str(config.CSV_PATH)
    seconds = {}
    for way in ("plain", "ours"):
        printed = subprocess.run(
            [sys.executable, "-m", __spec__.name, "--way", way, csv_path],
            check=True, capture_output=True, text=True).stdout.split()
        seconds[way], megabytes = map(float, printed[-2:])
        print(f"{way:>5}: {seconds[way]:.2f} s, peak memory {megabytes:.0f} MB")
    print(f"share: {seconds['ours'] / seconds['plain']:.2f}")


if __name__ == "__main__":
    main()
