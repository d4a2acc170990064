import os

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest

from config.emotion_config import CLASS_NAMES
from pipeline.evaluation.plots import (
    EMOTION_COLORS,
    OTHER_COLORS,
    colors_of,
    plot_confusion_matrix,
    plot_timeline,
    plot_training,
    write,
)

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
def test_a_timeline_has_an_area_for_every_class_whatever_its_name(tmp_path, names):
    seconds = np.arange(20) / 10
    probabilities = np.full((20, len(names)), 1 / len(names))
    plot_timeline({1: (seconds, probabilities)}, names, tmp_path / "x.png")
    picture = cv2.imread(str(tmp_path / "x.png"))[..., ::-1]
    found = {"#" + bytes(color).hex() for color in picture[:, picture.shape[1] // 3]}
    assert set(colors_of(names)) <= found


@pytest.mark.parametrize("names", NAMES, ids=len)
def test_a_confusion_matrix_takes_any_class_name(tmp_path, names):
    plot_confusion_matrix(np.eye(len(names), dtype=int), names, "a$_{$.hdf5", tmp_path / "x.png")
    assert cv2.imread(str(tmp_path / "x.png")).shape[1] > 500


def test_a_curve_takes_any_title(tmp_path):
    history = {name: [0.5, 0.6] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    plot_training(history, "a$_{$", tmp_path / "x.png")
    assert cv2.imread(str(tmp_path / "x.png")).shape[1] > 1000


def test_many_classes_have_a_color_each():
    for count in (7, 8, 24):
        names = ("sad", *(f"class {number}" for number in range(count)))
        assert len(set(colors_of(names))) == count + 1


def test_emotions_have_their_own_colors_and_others_one_each():
    assert colors_of(("bored", "happy", "tired")) == [
        OTHER_COLORS[0], EMOTION_COLORS["happy"], OTHER_COLORS[1]]
    assert len({*EMOTION_COLORS.values(), *OTHER_COLORS}) == 15


def test_a_pipe_gets_the_picture(tmp_path):
    pipe = tmp_path / "pipe.of.mine"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    figure, _ = plt.subplots(figsize=(0.5, 0.5))  # what a pipe holds
    write(figure, pipe)
    assert os.read(reader, 4) == b"\x89PNG"
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]
