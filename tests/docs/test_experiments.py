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


def epochs_and_minutes(number):
    history = recorded(number)
    assert history["run"]["experiment"] == number
    return [str(len(history["seconds"])), f"{sum(history['seconds']) / 60:.0f}"]


@pytest.mark.parametrize("number", FIRST)
def test_the_table_of_the_first_six_is_what_was_recorded(number):
    last = [recorded(number, f"evaluation_last{split}") for split in ("", "_val")]
    assert {result["experiment"] for result in last} == {number}
    assert {result["epoch"] for result in last} == {EXPERIMENTS[number].epochs}
    accuracies = [accuracy(number, name) for name in ("last", "last_val", "", "val")]
    assert row_of(number)[1:] == [*(f"{value:.2%}" for value in accuracies),
                                  *epochs_and_minutes(number)]


def test_the_largest_difference_to_the_original_is_that_of_the_table():
    differences = []
    for number in FIRST:
        original, ours = (float(cell.split("%")[0]) for cell in row_of(number)[:2])
        differences.append(abs(original - ours))
    assert f"differ by at most {max(differences):.1f} points" in SENTENCES


@pytest.mark.parametrize("number", BEYOND)
def test_the_table_beyond_the_original_is_what_was_recorded(number):
    tested = "not tested" if number in NOT_TESTED else (
        f"{accuracy(number, 'whole_8' if number == SHIPPED else ''):.2%}")
    assert row_of(number) == [*(f"{value:.2%}" for value in on_validation(number)), tested,
                              *epochs_and_minutes(number)]


def test_every_recorded_run_is_in_a_table():
    found = {int(path.name) for path in RESULTS.iterdir() if path.name.isdecimal()}
    assert found == {*FIRST, *BEYOND, 25, 26, 27, 28, *SMALL}  # 25 to 28: docs/votes.md


def test_the_curve_is_the_recorded_one():
    accuracies = recorded(6)["val_accuracy"]
    epochs = next(row[1:] for row in rows(TEXT) if row[0] == "after epoch")
    shown = next(row[1:] for row in rows(TEXT) if row[0] == "ours, PublicTest")
    assert shown == [f".{round(1000 * accuracies[int(epoch) - 1]):03d}" for epoch in epochs]


def test_the_final_figure_is_with_what_was_best_on_validation():
    assert accuracy(SHIPPED, "val_shifts") > accuracy(SHIPPED, "val_flip")
    result = recorded(SHIPPED, "evaluation_whole_8_shifts")
    low, high = result["accuracy_interval"]
    assert (f"network 8 has {result['accuracy']:.2%} of PrivateTest ({low:.1%} to {high:.1%})"
            in SENTENCES)


def test_what_leaving_something_out_changes_is_what_was_recorded():
    worse = [100 * (whole - without)
             for whole, without in zip(on_validation(13), on_validation(16))]
    assert f"{min(worse):.1f} to {max(worse):.1f} points worse in every column" in SENTENCES
    *worse, shifts = [100 * (whole - without)
                      for whole, without in zip(on_validation(13), on_validation(20))]
    assert (f"aspect and shift {min(worse):.1f} to {max(worse):.1f} points worse, but "
            f"{-shifts:.1f} points better with shifts") in SENTENCES


def test_what_more_epochs_and_more_filters_give_is_what_was_recorded():
    (last_12, *_), (last_13, *_) = on_validation(12), on_validation(13)
    assert f"gain {100 * (last_12 - last_13):.1f} points over 13's" in SENTENCES
    (_, wider, *wider_tta), (_, narrow, *narrow_tta) = on_validation(8), on_validation(7)
    assert (f"is {100 * (wider - narrow):.1f} points above 7 with one look and "
            f"{100 * (max(wider_tta) - max(narrow_tta)):.1f} points above it with `--tta`"
            ) in SENTENCES


def test_the_gain_of_the_averaged_weights_is_the_evaluations():
    trained, averaged, *_ = on_validation(8)
    assert (f"are {100 * (averaged - trained):.1f} points above the trained ones of the last in 8"
            in SENTENCES)


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
    assert "all of 7 takes {:.1f} hours there and all of 8 {:.1f} hours".format(*hours) in SENTENCES


@pytest.mark.parametrize("number", [6, 8, *SMALL])
def test_the_table_of_the_small_network_is_what_was_recorded(number):
    measured = dict(re.findall(r"^experiment (\d+): (.*)$", (
        RESULTS / "benchmarks" / "networks.txt").read_text(), re.MULTILINE))
    parameters, float32, int8 = re.match(
        r"(\S+) parameters, (\S+ ms) a face, .* image, (\S+ ms) and",
        measured[str(min(number, 29))]).groups()
    history = recorded(number)
    seconds = median(history["seconds"][ON_GPU.get(number, 0):])
    accuracies = [f"{accuracy(number, name):.2%}" for name in ("val", "val_flip")
                  if number != 6 or name == "val"]
    (row,) = [row for row in table(TEXT, "| the network |") if row[1] == str(number)]
    assert row[2:] == [parameters, *accuracies, *[""] * (2 - len(accuracies)), float32, int8,
                       str(len(history["loss"])), f"{seconds:.0f} s"]


def test_the_small_network_was_tested_once():
    result = recorded(30, "evaluation")
    low, high = result["accuracy_interval"]
    assert accuracy(30, "val") > accuracy(29, "val")
    assert (f"right on {result['accuracy']:.2%} of PrivateTest's first half ({low:.1%} to "
            f"{high:.1%})") in SENTENCES
