"""The README's figures are those of the recorded runs, and its files are there."""

import json
import re
from statistics import median

import pytest

from config.experiments import EXPERIMENTS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
SENTENCES = " ".join(README.split())
RESULTS = ROOT / "results"
SHIPPED = 8  # the experiment whose network ships
WITHOUT_A_TEST = range(13, 22)  # no network of their own ships


def recorded(number, name="curve"):
    """Return what a recorded run of an experiment wrote to results/NUMBER/NAME.json."""
    return json.loads((RESULTS / str(number) / f"{name}.json").read_text())


def best_epoch(accuracies):
    return 1 + max(range(len(accuracies)), key=accuracies.__getitem__)


def test_the_figures_of_the_model_that_ships_are_those_of_its_evaluations():
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in README.splitlines()
            if line.startswith(("| PublicTest |", "| PrivateTest |"))]
    assert len(rows) == len([path for path in (RESULTS / str(SHIPPED)).glob("evaluation*.json")
                             if "last" not in path.name])
    for split, tta, *figures in rows:
        parts = ("evaluation", "val" if split == "PublicTest" else "", tta)
        result = recorded(SHIPPED, "_".join(part for part in parts if part not in ("", "none")))
        low, high = result["accuracy_interval"]
        assert figures == [
            f"{result['images']:,}", f"{result['accuracy']:.2%}", f"{low:.1%} to {high:.1%}",
            f"{result['macro_f1']:.2%}", f"{result['calibration_error']:.2%}",
            f"{result['unseen']['accuracy']:.2%}", f"{result['ferplus']['accuracy']:.2%}"]


def test_the_recall_of_each_class_is_the_evaluations():
    for name, row in recorded(SHIPPED, "evaluation")["per_class"].items():
        assert f"{name} {row['recall']:.0%}" in SENTENCES


def test_the_curve_is_the_recorded_one():
    history = recorded(6)
    epochs = len(history["val_accuracy"])
    best = best_epoch(history["val_accuracy"])
    assert f"{epochs} of 75 epochs" in SENTENCES
    assert f"epoch {best} ({history['val_accuracy'][best - 1]:.2%})" in SENTENCES
    for epoch in (1, 2, 3, 5, 10, 15, 20, 40):
        assert f".{round(1000 * history['val_accuracy'][epoch - 1]):03d}" in README


def test_the_model_that_ships_is_the_best_epoch_of_its_experiment():
    model = recorded(SHIPPED, "evaluation")
    accuracies = recorded(model["experiment"])["val_accuracy"]
    assert model["epoch"] == best_epoch(accuracies)
    assert f"EmotionVGGNet of experiment {model['experiment']}" in SENTENCES
    assert f"best on validation (epoch {model['epoch']})" in SENTENCES


@pytest.mark.parametrize("number", sorted(EXPERIMENTS))
def test_the_table_of_experiments_is_what_was_recorded(number):
    row = next(line for line in README.splitlines() if line.startswith(f"| {number} |"))
    figures = [cell.strip() for cell in row.strip("|").split("|")][3:]
    if not (RESULTS / str(number)).exists():
        assert figures == ["not run", "not run", f"0 of {EXPERIMENTS[number].epochs}", ""]
        return
    history = recorded(number)
    assert history["run"]["experiment"] == number
    epochs = history["run"].get("epochs", EXPERIMENTS[number].epochs)
    assert figures == [
        "not tested" if number in WITHOUT_A_TEST
        else f"{recorded(number, 'evaluation')['accuracy']:.2%}",
        f"{recorded(number, 'evaluation_val')['accuracy']:.2%}",
        f"{len(history['seconds'])} of {epochs}", f"{sum(history['seconds']) / 60:.0f}"]


def test_the_table_of_last_epochs_is_what_was_recorded():
    rows = [line.strip("| ").split(" | ") for line in README.splitlines()
            if line.startswith("| last epoch of ")]
    assert [row[0] for row in rows] == [f"last epoch of {number}" for number in range(1, 7)]
    for number, (*_, test, validation) in enumerate(rows, start=1):
        results = [recorded(number, f"evaluation_last{split}") for split in ("", "_val")]
        assert [result["experiment"] for result in results] == [number, number]
        assert {result["epoch"] for result in results} == {EXPERIMENTS[number].epochs}
        assert [test, validation] == [f"{result['accuracy']:.2%}" for result in results]


def test_the_seconds_of_an_epoch_are_what_was_recorded():
    seconds = [f"{median(recorded(number)['seconds']):.0f}"
               for number in range(1, 7)]
    assert f"{', '.join(seconds[:-1])} and {seconds[-1]} s in experiments 1 to 6" in SENTENCES


def test_the_table_of_what_each_experiment_beyond_the_original_gave_is_what_was_recorded():
    section = README.split("### Beyond the original")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines()
            if line.startswith("| ") and line.endswith("% |")]
    numbers = [number for number in EXPERIMENTS
               if number > 6 and (RESULTS / str(number)).exists()]
    assert [row[0].split(":")[0] for row in rows] == [str(number) for number in numbers]
    for number, row in zip(numbers, rows):
        names = ("last_val", "val", "val_flip", "val_shifts")
        assert row[1:] == [f"{recorded(number, f'evaluation_{name}')['accuracy']:.2%}"
                           for name in names]
    last, best = (recorded(6, f"evaluation_{name}")["accuracy"] for name in ("last_val", "val"))
    assert f"experiment 6 has {last:.2%} after the last epoch and {best:.2%} at its best" \
        in SENTENCES


def test_the_gain_of_the_averaged_weights_is_the_evaluations():
    averaged, trained = (recorded(8, f"evaluation_{name}") for name in ("val", "last_val"))
    gain = 100 * (averaged["accuracy"] - trained["accuracy"])
    assert f"{gain:.1f} points in 8 at epoch {trained['epoch']}" in SENTENCES


def test_what_mixup_to_the_end_changes_is_what_was_recorded():
    mixed, plain = (recorded(number) for number in (17, 8))
    last = len(mixed["val_accuracy"])
    (accuracy, loss), (without, loss_without) = (
        [sum(history[name][285:last]) / (last - 285) for name in ("val_accuracy", "val_loss")]
        for history in (mixed, plain))
    assert mixed["val_accuracy"][:285] == plain["val_accuracy"][:285]
    assert (f"in epochs 286 to {last} the accuracy is {accuracy:.2%} on average, against "
            f"{without:.2%} without, and the validation loss {loss:.2f} against "
            f"{loss_without:.2f}") in SENTENCES


def test_what_distilling_the_wider_network_changes_is_what_was_recorded():
    distilled, plain = (recorded(number)["val_accuracy"] for number in (21, 8))
    last = len(distilled)
    means = [sum(history[245:last]) / (last - 245) for history in (distilled, plain)]
    assert distilled[:245] == plain[:245]
    assert (f"in epochs 246 to {last} the accuracy is {means[0]:.2%} on average, against "
            f"{means[1]:.2%} in 8") in SENTENCES
    assert (f"its best epoch, {best_epoch(distilled)}, lies below 8's, {best_epoch(plain)}"
            in SENTENCES)


@pytest.mark.parametrize(("number", "same_network"), [(7, 7), (8, 8), (12, 7)])
def test_the_final_figures_are_of_the_tta_best_on_validation_and_as_recorded(number, same_network):
    row = next(line for line in README.splitlines() if line.startswith(f"| experiment {number} |"))
    tta, *figures, _, parameters, speed = row.strip("| ").split(" | ")[1:]
    assert tta == max(("flip", "shifts"), key=lambda tta: recorded(
        number, f"evaluation_val_{tta}")["accuracy"])
    result = recorded(number, f"evaluation_{tta}")
    low, high = result["accuracy_interval"]
    assert (result["experiment"], result["split"]) == (number, "test")
    assert figures == [f"{result['accuracy']:.2%}", f"{low:.1%} to {high:.1%}"]
    assert EXPERIMENTS[number].network == EXPERIMENTS[same_network].network
    assert (f"experiment {same_network}: {parameters} parameters, {speed} a face"
            in (RESULTS / "benchmarks" / "networks.txt").read_text())


def test_the_calibration_of_the_distilled_network_is_the_evaluations():
    distilled, plain = (recorded(number, "evaluation_val")["calibration_error"]
                        for number in (10, 9))
    assert f"calibration error of {distilled:.1%} there, against {plain:.1%}" in SENTENCES


def test_every_figure_of_speed_and_of_the_peer_stands_in_a_recorded_benchmark():
    section = README.split("## Speed, and accuracy")[1].split("\n## ")[0]
    logs = " ".join(path.read_text() for path in (RESULTS / "benchmarks").glob("*.txt"))
    figures = re.findall(
        r"(?<![\w.])(\d+(?:[.,]\d+)*)"
        r"(?:%|\s(?:frames/s|% of frames|MB|s\b|ms|augmented|training))", section)
    assert figures
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", logs), figure


def test_every_path_of_the_readme_is_there():
    for path in re.findall(r"\]\(([\w/.-]+)\)", README):
        assert (ROOT / path).exists(), path
