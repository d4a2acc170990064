import numpy as np
import pytest

from pipeline.evaluation import evaluate, wilson_interval
from pipeline.plots import plot_confusion_matrix

LABELS = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 1, 0])


def result(sure=0.8):
    probabilities = np.full((6, 3), (1 - sure) / 2, dtype=np.float32)
    probabilities[np.arange(6), PREDICTED] = sure
    return evaluate(LABELS, probabilities, ("a", "b", "c"))


def test_measures_of_a_small_case_by_hand():
    measures = result()
    assert measures["images"] == 6
    assert measures["accuracy"] == pytest.approx(4 / 6)
    assert measures["confusion_matrix"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert measures["loss"] == pytest.approx(-(4 * np.log(0.8) + 2 * np.log(0.1)) / 6)
    assert measures["per_class"]["b"] == {
        "precision": pytest.approx(2 / 3), "recall": 1.0, "f1": pytest.approx(0.8), "images": 2}
    assert measures["macro_f1"] == pytest.approx((2 / 3 + 0.8 + 0) / 3)


def test_the_interval_holds_the_share_and_narrows_with_the_count():
    low, high = wilson_interval(0.7, 3589)
    assert low < 0.7 < high
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.7 * 0.3 / 3589), rel=0.01)


def test_the_confusion_matrix_is_drawn(tmp_path):
    path = tmp_path / "matrix.png"
    plot_confusion_matrix(result()["confusion_matrix"], ("a", "b", "c"), "a title", path)
    assert path.stat().st_size > 10_000
