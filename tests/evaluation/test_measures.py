import numpy as np
import pytest

from pipeline.evaluation.measures import accuracy_on, calibration_error, evaluate, wilson_interval
from pipeline.evaluation.plots import plot_confusion_matrix

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


def test_the_calibration_error_is_the_mean_gap_of_confidence_and_accuracy():
    confidences = np.array([0.9, 0.9, 0.5, 0.5])
    assert calibration_error(confidences, np.array([True, True, True, False])) == pytest.approx(
        (2 * 0.1 + 2 * 0.0) / 4)
    assert calibration_error(np.ones(4), np.zeros(4, dtype=bool)) == 1
    assert result(sure=0.8)["calibration_error"] == pytest.approx(0.8 - 4 / 6)


def test_the_accuracy_on_chosen_images():
    chosen = np.array([True, False, False, True, False, True])
    measures = accuracy_on(chosen, LABELS, PREDICTED)
    assert (measures["images"], measures["accuracy"]) == (3, pytest.approx(2 / 3))
    assert accuracy_on(np.zeros(6, dtype=bool), LABELS, PREDICTED) == {"images": 0}
