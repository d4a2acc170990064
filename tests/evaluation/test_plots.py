import os

import cv2
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from config.emotion_config import CLASS_NAMES
from pipeline.evaluation.plots import figure_for, plot_confusion_matrix, plot_training

NAMES = (
    *CLASS_NAMES.values(),
    ("angry", "bored", "contempt"),
    ("cost_$x^$", "_first", "100 %", "[red]", r"\alpha"),
    ("müde", "грусть", "怒り", "sad"),
    tuple(f"class {number}" for number in range(20)),
)


@pytest.fixture(autouse=True)
def no_figure_stays_open_and_nothing_is_said(recwarn):
    yield
    assert not plt.get_fignums()
    assert not [warning.message for warning in recwarn
                if not issubclass(warning.category, DeprecationWarning)]


@pytest.mark.parametrize("names", NAMES, ids=len)
def test_a_confusion_matrix_takes_any_class_name(tmp_path, names):
    plot_confusion_matrix(np.eye(len(names), dtype=int), names, "a$_{$.hdf5", tmp_path / "x.png")
    assert cv2.imread(str(tmp_path / "x.png")).shape[1] > 500


def test_a_curve_takes_any_title(tmp_path):
    history = {name: [0.5, 0.6] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    plot_training(history, "a$_{$", tmp_path / "x.png")
    assert cv2.imread(str(tmp_path / "x.png")).shape[1] > 1000


def test_a_pipe_gets_the_picture(tmp_path):
    pipe = tmp_path / "pipe.of.mine"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with figure_for(pipe, 0.5, 0.5) as figure:  # what a pipe holds
        figure.subplots()
    assert os.read(reader, 4) == b"\x89PNG"
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]


def test_the_plots_of_a_notebook_stay_as_they_are(tmp_path):
    before, settings = matplotlib.get_backend(), dict(matplotlib.rcParams)
    plot_confusion_matrix([[1, 0], [0, 1]], ("a", "b"), "x", tmp_path / "x.png")
    assert (matplotlib.get_backend(), dict(matplotlib.rcParams)) == (before, settings)
