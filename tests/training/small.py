"""Trains as train_recognizer.py does, by its arguments, but a small network on small images.

    python -m tests.training.small --devices 2
"""

import subprocess
import sys
from dataclasses import replace

import numpy as np

import train_recognizer
from config import emotion_config
from config.experiments import EXPERIMENTS
from pipeline.io.hdf5datasetwriter import write_database
from pipeline.process.ending import run
from tests.conftest import ROOT, environment

SIZE = 16
CLASSES = ("light above", "light below", "light left")
FOUR_DEVICES = {
    "KERAS_BACKEND": "jax",
    "JAX_NUM_CPU_DEVICES": "4",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",  # half the time to compile
}


def shrink_the_networks():
    """Change the settings of this process to small images, networks and batches."""
    emotion_config.IMAGE_SIZE = SIZE
    emotion_config.BATCH_SIZE = 32
    emotion_config.CHECKPOINT_EVERY = 2
    for number in (1, 7, 10):
        EXPERIMENTS[number] = replace(
            EXPERIMENTS[number], blocks=1, filters=4, fc_units=(8,), block_dropout=0.1,
            warmup_epochs=0, epochs_without_mixup=0)


def write_databases(folder, training=101, validation=37):
    """Write train.hdf5 and val.hdf5 of so many images with a light half, and which half it is."""
    for seed, (split, count) in enumerate({"train": training, "val": validation}.items()):
        random = np.random.default_rng(seed)
        images = random.integers(0, 120, (count, SIZE, SIZE), dtype=np.uint8)
        labels = np.arange(count) % len(CLASSES)
        for image, label in zip(images, labels):
            image[(np.s_[:8], np.s_[8:], np.s_[:, :8])[label]] += 100
        write_database(folder / f"{split}.hdf5", images, labels, {"class_names": CLASSES})


def start_small(folder, *arguments, **variables):
    """Start a small training of a folder's databases that writes to checkpoints/ and output/."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.small", "--dataset", folder, "--checkpoints",
         folder / "checkpoints", "--output", folder / "output", *map(str, arguments)],
        cwd=ROOT, env=environment(**FOUR_DEVICES | variables), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


if __name__ == "__main__":
    shrink_the_networks()
    run(train_recognizer.main)
