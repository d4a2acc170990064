"""Prints what several devices change in a small training, as JSON.

    KERAS_BACKEND=jax JAX_NUM_CPU_DEVICES=4 python -m tests.training.compare_devices 7 2 4

The arguments are an experiment and numbers of devices. For each number: the largest difference of
a weight to that after one step, and after one epoch, on one device; for "rounding" the same on one
device where all initial weights are moved by one rounding.
"""

import json
import sys
import tempfile
from contextlib import redirect_stdout
from functools import wraps
from pathlib import Path

import numpy as np

import train_recognizer
from pipeline.io import checkpoint
from pipeline.process.imports import import_keras
from tests.training.small import shrink_the_networks, write_databases


def trained(folder, experiment, dataset, name, devices):
    """Train for one epoch and return all weights, flat."""
    checkpoints = folder / f"{dataset} {name}"
    train_recognizer.main(list(map(str, (
        "--experiment", experiment, "--dataset", folder / dataset, "--epochs", 1, "--devices",
        devices, "--checkpoints", checkpoints, "--output", checkpoints))))
    model, record = checkpoint.load(checkpoints / "epoch_1.hdf5")
    assert record["devices"] == devices
    return np.concatenate([array.ravel() for array in model.get_weights()])


def moved_by_a_rounding(build):
    @wraps(build)  # a recipe gives what build() takes
    def moved(**network):
        model = build(**network)
        model.set_weights([np.nextafter(array, np.inf) for array in model.get_weights()])
        return model

    return moved


def main():
    experiment, *numbers = map(int, sys.argv[1:])
    shrink_the_networks()
    import_keras()
    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet

    with tempfile.TemporaryDirectory() as name, redirect_stdout(sys.stderr):
        folder = Path(name)
        differences = {number: {} for number in (*numbers, "rounding")}
        for dataset, images in {"step": 32, "epoch": 101}.items():
            (folder / dataset).mkdir()
            write_databases(folder / dataset, images)
            one = trained(folder, experiment, dataset, "one", 1)
            for number in numbers:
                several = trained(folder, experiment, dataset, number, number)
                differences[number][dataset] = float(abs(several - one).max())
            build = EmotionVGGNet.build
            EmotionVGGNet.build = moved_by_a_rounding(build)
            moved = trained(folder, experiment, dataset, "rounding", 1)
            EmotionVGGNet.build = build
            differences["rounding"][dataset] = float(abs(moved - one).max())
    print(json.dumps(differences))


if __name__ == "__main__":
    main()
