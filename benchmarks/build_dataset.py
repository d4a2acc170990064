"""CPU time and memory of building the databases, against parsing each row in the plainest way.

    python -m benchmarks.build_dataset [datasets/fer2013/fer2013.csv]

Each way runs in a process of its own, on the same file. The plain one reads rows with the csv
module, parses the pixels by np.array(pixels.split(" "), dtype="uint8"), and writes with the same
HDF5DatasetWriter. The last one builds from the same faces as PNG files, one each, in folders of
their classes; its memory is that of the largest of its processes.
"""

import csv
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from config import emotion_config as config


def build_plainly(csv_path, output):
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
            writers[row["Usage"]].add(pixels, int(row["emotion"]))


def build_from(flag):
    from build_dataset import main

    return lambda source, output: main([flag, str(source), "--output", str(output)])


def write_pictures(csv_path, folder):
    """Write the faces of fer2013.csv as PNG files to SPLIT/CLASS/NUMBER.png."""
    import cv2

    from pipeline.io.fer2013 import RowSamples

    rows = RowSamples(csv_path, config.IMAGE_SIZE, numbered=config.CLASS_NAMES[7], words={},
                      splits=config.SPLITS)
    for number, sample in enumerate(rows):
        path = folder / sample.split / sample.class_name / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), sample.image.reshape(config.IMAGE_SIZE, config.IMAGE_SIZE))


def measure(way, source):
    """Build once in this process; print CPU seconds, also of its processes, and peak memory."""
    build = {"plain": build_plainly, "ours": build_from("--csv"),
             "pictures": build_from("--images")}[way]
    with tempfile.TemporaryDirectory() as folder:
        build(source, Path(folder))
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(sum(usage.ru_utime + usage.ru_stime for usage in usages),
          max(usage.ru_maxrss for usage in usages) / 1024)


def main():
    if sys.argv[1:2] == ["--way"]:
        return measure(sys.argv[2], Path(sys.argv[3]))
    csv_path = sys.argv[1] if sys.argv[1:] else str(config.CSV_PATH)
    seconds = {}
    with tempfile.TemporaryDirectory() as pictures:
        write_pictures(csv_path, Path(pictures))
        for way, source in (("plain", csv_path), ("ours", csv_path), ("pictures", pictures)):
            printed = subprocess.run(
                [sys.executable, "-m", __spec__.name, "--way", way, source],
                check=True, capture_output=True, text=True).stdout.split()
            seconds[way], megabytes = map(float, printed[-2:])
            print(f"{way:>8}: {seconds[way]:.2f} s of CPU, peak memory {megabytes:.0f} MB")
    print(f"share: {seconds['ours'] / seconds['plain']:.2f}")


if __name__ == "__main__":
    main()
