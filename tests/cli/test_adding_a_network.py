"""What CONTRIBUTING.md says of adding a network, followed in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from tests.conftest import ROOT, environment

NETWORK = '''"""A network of another kind: residual, squeeze-and-excitation, depthwise, SiLU."""

import keras
from keras import layers


class SqueezeNet:
    @staticmethod
    def build(width, height, depth, classes, *, filters=8, rate=0.1):
        x = inputs = keras.Input((height, width, depth))
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="silu",
                          name="block1_conv")(x)
        for block in (2, 3):
            y = layers.Conv2D(2 * filters, 1, use_bias=False, name=f"block{block}_expansion")(x)
            y = layers.Activation("silu")(layers.BatchNormalization()(y))
            y = layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(y)
            y = layers.Activation("silu")(layers.BatchNormalization()(y))
            gate = layers.GlobalAveragePooling2D(keepdims=True)(y)
            gate = layers.Conv2D(filters, 1, activation="silu")(gate)
            gate = layers.Conv2D(2 * filters, 1, activation="sigmoid")(gate)
            y = layers.Conv2D(filters, 1, use_bias=False)(layers.Multiply()([y, gate]))
            shortcut = layers.Conv2D(filters, 1, strides=2, name=f"block{block}_shortcut")(x)
            x = layers.Add()([layers.BatchNormalization()(y), shortcut])
        x = layers.SpatialDropout2D(rate)(x)
        x = layers.GaussianNoise(0.05)(layers.GlobalAveragePooling2D()(x))
        outputs = layers.Dense(classes, activation="softmax")(x)
        return keras.Model(inputs, outputs, name="squeezenet")
'''
RECIPE = """
EXPERIMENTS[31] = replace(ELU_HE, architecture="squeezenet.SqueezeNet", options={"filters": 6})
"""


def section():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return re.search(r"## To add a network\n(.*?)\n## ", text, re.DOTALL)[1].strip()


def test_it_is_said_in_ten_lines():
    assert len(section().splitlines()) <= 10
    for name in ("pipeline/nn/conv/", "build(width, height, depth, classes", "architecture=",
                 "options=", "config/experiments.py", "pipeline/nn/layerkinds.py"):
        assert name in section(), name


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    for name in ("config", "pipeline", "samples"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.py"), *ROOT.glob("*.xml")):
        shutil.copy(path, folder)
    (folder / "pipeline" / "nn" / "conv" / "squeezenet.py").write_text(NETWORK)
    with open(folder / "config" / "experiments.py", "a") as file:
        file.write(RECIPE)
    return folder


@pytest.mark.torture
def test_one_file_and_one_recipe_go_the_whole_way(copy, dataset):
    def run(*arguments, **variables):
        process = subprocess.run([sys.executable, *map(str, arguments)], cwd=copy, text=True,
                                 capture_output=True, env=environment(**variables))
        assert process.returncode == 0, process.stderr
        return process.stdout

    training = ("train_recognizer.py", "--dataset", dataset, "--epochs", 7)
    run(*training, "--experiment", 31, "--checkpoints", "first", "--output", "first")
    run(*training, "--model", "first/epoch_5.hdf5", "--checkpoints", "second", "--output", "second")
    with (h5py.File(copy / "first" / "epoch_7.hdf5") as first,
          h5py.File(copy / "second" / "epoch_7.hdf5") as second):
        names = []
        first.visit(lambda name: names.append(name)
                    if isinstance(first[name], h5py.Dataset) and first[name].ndim else None)
        assert len(names) > 50
        assert all(np.array_equal(first[name], second[name]) for name in names)

    assert "accuracy" in run("test_recognizer.py", "--dataset", dataset, "--model",
                             "first/best.hdf5")
    assert "written: int8.onnx" in run("-m", "pipeline.export", "--model", "first/best.hdf5",
                                       "--output", "int8.onnx", "--precision", "int8")
    (copy / "keras").mkdir()
    (copy / "keras" / "__init__.py").write_text("raise ImportError('not for the detector')\n")
    run("emotion_detector.py", "--model", "first/best.hdf5", "--image", "samples/faces.jpg",
        "--no-display", "--csv", "faces.csv", PYTHONPATH=os.fspath(copy))
    assert (copy / "faces.csv").read_text().count("\n") == 3  # the header, and two faces
