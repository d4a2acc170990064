"""Keras, and what the detector runs: float32 and int8 on ONNX Runtime, in one run.

    taskset -c 0 python -m benchmarks.runtime datasets/fer2013/hdf5

For each: CPU seconds and peak memory of a new process from its start to the first face's
probabilities; CPU milliseconds a face for 1, 2 and 4 faces at a time on one core, in rounds that
take turns; accuracy on PublicTest with one look at each image, and with its mirror image as well.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from config import emotion_config as config
from pipeline.commandline import existing_file
from pipeline.process.ending import run
from pipeline.process.imports import import_keras

RUNS, ROUNDS, BATCHES = 3, 30, 10
FACES = (1, 2, 4)

KERAS = """
from pipeline.commandline import existing_file
from pipeline.process.ending import run
from pipeline.process.imports import import_keras
import_keras()
from pipeline.io import checkpoint
network = checkpoint.load({path!r})[0]
"""
ONNX = """
from pipeline.io.checkpoint import read_onnx
from pipeline.nn.runtimenetwork import RuntimeNetwork
network = RuntimeNetwork(read_onnx({path!r}, {precision!r})[0])
"""
FIRST_FACE = "import numpy\nnetwork.predict_on_batch(numpy.zeros((1, 48, 48, 1), 'float32'))"
WAYS = {
    "Keras": KERAS.format(path=str(config.MODEL_PATH)),
    "float32": ONNX.format(path=str(config.MODEL_PATH), precision="float32"),
    "int8": ONNX.format(path=str(config.MODEL_PATH), precision="int8"),
}


def start(code):
    """Return the CPU seconds and the peak megabytes of a process that sees one face."""
    process = subprocess.Popen([sys.executable, "-c", code + FIRST_FACE], cwd=config.BASE_PATH,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def network_of(code):
    names = {}
    exec(code, names)
    return names["network"]


def milliseconds(networks):
    """Return {way: [the median CPU milliseconds a face for each number of FACES]}."""
    images = np.random.default_rng(0).random((max(FACES), 48, 48, 1), dtype=np.float32)
    times = {(way, count): [] for way in networks for count in FACES}
    for _ in range(ROUNDS):
        for (way, count), found in times.items():
            began = time.process_time()
            for _ in range(BATCHES):
                networks[way].predict_on_batch(images[:count])
            found.append(1000 * (time.process_time() - began) / BATCHES / count)
    return {way: [median(times[way, count][2:]) for count in FACES] for way in networks}


def accuracies(networks, folder):
    """Return {way: accuracy with one look, and with the mirror image as well}, PublicTest."""
    from pipeline.evaluation.testtimeaugmentation import predict
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator

    with HDF5DatasetGenerator(folder / "val.hdf5", config.BATCH_SIZE) as dataset:
        return {way: [np.mean(predict(network, dataset, views).argmax(axis=1) == dataset.labels)
                      for views in (None, "flip")] for way, network in networks.items()}


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, nargs="?", default=config.HDF5_PATH,
                        help="folder of val.hdf5 (default: %(default)s)")
    folder = existing_file(parser.parse_args(argv).dataset / "val.hdf5", "database",
                           "run build_dataset.py first").parent
    starts = {way: [] for way in WAYS}
    for _ in range(RUNS):
        for way, code in WAYS.items():
            starts[way].append(start(code))
    import_keras()
    networks = {way: network_of(code) for way, code in WAYS.items()}
    faces, right = milliseconds(networks), accuracies(networks, folder)
    for way in WAYS:
        seconds, megabytes = map(median, zip(*starts[way]))
        one, two, four = faces[way]
        print(f"{way}: first face after {seconds:.2f} CPU s, at most {megabytes:.0f} MB; "
              f"{one:.2f} ms a face, {two:.2f} ms of 2, {four:.2f} ms of 4; PublicTest "
              f"{right[way][0]:.2%}, with mirror images {right[way][1]:.2%}")


if __name__ == "__main__":
    run(main)
