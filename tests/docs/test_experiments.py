"""The figures of docs/experiments.md are those of the recorded runs."""

import re
from statistics import median

import pytest

from config.experiments import EXPERIMENTS
from tests.docs.records import RESULTS, SHIPPED, document, recorded, rows, table

TEXT, SENTENCES = document("docs/experiments.md")
FIRST = range(1, 7)
BEYOND = (7, 8, 9, 10, 12, 13, 14, 15, 16, 20)
NOT_TESTED = {13, 14, 15, 16, 20}  # on PrivateTest
SMALL = (29, 30)
ON_GPU = {7: 195, 8: 205}  # epochs


def row_of(number):
    (_, _, *figures), = rows(TEXT, start=f"| {number} |")
    return figures


def accuracy(number, name):
    return recorded(number, f"evaluation_{name}" if name else "evaluation")["accuracy"]


def on_validation(number):
    """Return the accuracies of the last epoch, the best one, and that with flip and shifts."""
    return [accuracy(number, name) for name in ("last_val", "val", "val_flip", "val_shifts")]


@pytest.mark.parametrize("number", FIRST)
def test_the_table_of_the_first_six_is_what_was_recorded(number):
    last = [recorded(number, f"evaluation_last{split}") for split in ("", "_val")]
    assert {result["experiment"] for result in last} == {number}
    assert {result["epoch"] for result in last} == {EXPERIMENTS[number].epochs}
    seconds = recorded(number)["seconds"]
    accuracies = [accuracy(number, name) for name in ("last", "last_val", "val")]
    assert row_of(number)[1:] == [*(f"{value:.2%}" for value in accuracies),
                                  str(len(seconds)), f"{sum(seconds) / 60:.0f}"]


def test_the_largest_difference_to_the_original_is_that_of_the_table():
    pairs = [[float(cell.split("%")[0]) for cell in row_of(number)[:2]] for number in FIRST]
    largest = max(abs(original - ours) for original, ours in pairs)
    assert f"differ from them by at most {largest:.1f} points" in SENTENCES


@pytest.mark.parametrize("number", BEYOND)
def test_the_table_beyond_the_original_is_what_was_recorded(number):
    history = recorded(number)
    assert history["run"]["experiment"] == number
    tested = "" if number in NOT_TESTED else (
        f"{accuracy(number, 'whole_8' if number == SHIPPED else ''):.2%}")
    assert row_of(number) == [*(f"{value:.2%}" for value in on_validation(number)), tested,
                              str(len(history["seconds"]))]


def test_every_recorded_run_is_in_a_table():
    found = {int(path.name) for path in RESULTS.iterdir() if path.name.isdecimal()}
    assert found == {*FIRST, *BEYOND, 25, 26, 27, 28, *SMALL}  # 25 to 28: docs/votes.md


def test_differences_between_the_experiments_are_what_was_recorded():
    points = {number: [100 * value for value in on_validation(number)] for number in BEYOND}
    flat = [with_it - without for with_it, without in zip(points[13], points[16])]
    *fixed, shifts = [with_it - without for with_it, without in zip(points[13], points[20])]
    for sentence in (
        f"12 gain {points[12][0] - points[13][0]:.1f} points over 13's",
        f"best epoch are {points[8][1] - points[8][0]:.1f} points above the trained weights",
        f"gamma the network loses {min(flat):.1f} to {max(flat):.1f} points",
        f"shift {min(fixed):.1f} to {max(fixed):.1f} points, but it gains {-shifts:.1f} points",
    ):
        assert sentence in SENTENCES


def test_the_calibration_of_the_distilled_network_is_the_evaluations():
    distilled, plain = (recorded(number, "evaluation_val")["calibration_error"]
                        for number in (10, 9))
    assert f"an error of {distilled:.1%}, against {plain:.1%}" in SENTENCES


def test_the_hours_on_two_cores_are_those_of_the_epochs_there():
    hours = []
    for number, on_gpu in ON_GPU.items():
        seconds = recorded(number)["seconds"]
        assert median(seconds[:on_gpu]) < 10 < min(seconds[on_gpu:])
        hours.append(median(seconds[on_gpu:]) * len(seconds) / 3600)
    assert "all of 7 takes {:.1f} hours and all of 8 {:.1f} hours".format(*hours) in SENTENCES


@pytest.mark.parametrize("number", [6, 8, *SMALL])
def test_the_table_of_the_small_network_is_what_was_recorded(number):
    measured = dict(re.findall(r"^experiment (\d+): (.*)$", (
        RESULTS / "benchmarks" / "networks.txt").read_text(), re.MULTILINE))
    parameters, float32, int8 = re.match(
        r"(\S+) parameters, (\S+ ms) a face, .* image, (\S+ ms) and",
        measured[str(min(number, 29))]).groups()
    history = recorded(number)
    seconds = median(history["seconds"][ON_GPU.get(number, 0):])
    flip = "" if number == 6 else f"{accuracy(number, 'val_flip'):.2%}"
    (row,) = [row for row in table(TEXT, "| the network |") if row[1] == str(number)]
    assert row[2:] == [parameters, f"{accuracy(number, 'val'):.2%}", flip, float32, int8,
                       str(len(history["loss"])), f"{seconds:.0f} s"]


def test_the_small_network_was_tested_once():
    result = recorded(30, "evaluation")
    low, high = result["accuracy_interval"]
    assert accuracy(30, "val") > accuracy(29, "val")
    assert (f"right on {result['accuracy']:.2%} of PrivateTest's first half ({low:.1%} to "
            f"{high:.1%})") in SENTENCES
