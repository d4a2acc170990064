"""The figures of docs/experiments.md are those of the recorded runs."""

import re
from statistics import median

import pytest

from config.experiments import EXPERIMENTS
from tests.docs.records import RESULTS, best_epoch, document, recorded, rows

TEXT, SENTENCES = document("docs/experiments.md")
ON_FER2013 = [number for number, recipe in EXPERIMENTS.items()
              if recipe.ferplus_share is None and not recipe.pretrained]
WITHOUT_A_TEST = range(13, 22)  # no network of their own ships


def on_validation(number):
    """Return the accuracies of the last epoch, the best one, and that with flip and shifts."""
    return [recorded(number, f"evaluation_{name}")["accuracy"]
            for name in ("last_val", "val", "val_flip", "val_shifts")]


@pytest.mark.parametrize("number", ON_FER2013)
def test_the_table_of_experiments_is_what_was_recorded(number):
    (_, _, _, *figures), = rows(TEXT, start=f"| {number} |")
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
    found = rows(TEXT, start="| last epoch of ")
    assert [row[0] for row in found] == [f"last epoch of {number}" for number in range(1, 7)]
    for number, (*_, test, validation) in enumerate(found, start=1):
        results = [recorded(number, f"evaluation_last{split}") for split in ("", "_val")]
        assert [result["experiment"] for result in results] == [number, number]
        assert {result["epoch"] for result in results} == {EXPERIMENTS[number].epochs}
        assert [test, validation] == [f"{result['accuracy']:.2%}" for result in results]


def test_the_seconds_of_an_epoch_are_what_was_recorded():
    seconds = [f"{median(recorded(number)['seconds']):.0f}"
               for number in range(1, 7)]
    assert f"{', '.join(seconds[:-1])} and {seconds[-1]} s in experiments 1 to 6" in SENTENCES


def test_the_curve_is_the_recorded_one():
    history = recorded(6)
    epochs = len(history["val_accuracy"])
    best = best_epoch(history["val_accuracy"])
    assert f"{epochs} of 75 epochs" in SENTENCES
    assert f"epoch {best} ({history['val_accuracy'][best - 1]:.2%})" in SENTENCES
    epochs = next(row[1:] for row in rows(TEXT) if row[0] == "after epoch")
    accuracies = next(row[1:] for row in rows(TEXT) if row[0] == "ours, PublicTest")
    assert accuracies == [f".{round(1000 * history['val_accuracy'][int(epoch) - 1]):03d}"
                          for epoch in epochs]


def test_every_curve_is_shown():
    assert re.findall(r"\(\.\./results/(\d+)/curve\.png\)", TEXT) == [
        str(number) for number in ON_FER2013 if (RESULTS / str(number)).exists()]


def test_the_table_of_what_each_experiment_beyond_the_original_gave_is_what_was_recorded():
    found = {row[0].split(":")[0]: row[1:] for row in rows(TEXT) if re.match(r"\d+:", row[0])}
    numbers = [number for number in ON_FER2013
               if number > 6 and (RESULTS / str(number)).exists()]
    assert list(found) == [str(number) for number in numbers]
    for number in numbers:
        assert found[str(number)] == [f"{accuracy:.2%}" for accuracy in on_validation(number)]
    last, best = (recorded(6, f"evaluation_{name}")["accuracy"] for name in ("last_val", "val"))
    assert f"experiment 6 has {last:.2%} after the last epoch and {best:.2%} at its best" \
        in SENTENCES


def test_what_leaving_something_out_changes_is_what_was_recorded():
    worse = [100 * (whole - without)
             for whole, without in zip(on_validation(13), on_validation(16))]
    assert f"in every column, by {min(worse):.1f} to {max(worse):.1f} points" in SENTENCES
    *worse, shifts = [100 * (whole - without)
                      for whole, without in zip(on_validation(13), on_validation(20))]
    assert (f"is {min(worse):.1f} to {max(worse):.1f} points worse, but {-shifts:.1f} points "
            "better with `--tta shifts`") in SENTENCES
    ends = [recorded(number)["accuracy"][-1] for number in (20, 13)]
    assert f"ends at {ends[0]:.0%}, where 13's is {ends[1]:.0%}" in SENTENCES


def test_what_more_epochs_and_more_filters_give_is_what_was_recorded():
    (last_12, *_), (last_13, *_) = on_validation(12), on_validation(13)
    assert f"gain {100 * (last_12 - last_13):.1f} points over 13's" in SENTENCES
    (_, wider, *wider_tta), (_, narrow, *narrow_tta) = on_validation(8), on_validation(7)
    assert (f"is {100 * (wider - narrow):.1f} points above 7 with one look and "
            f"{100 * (max(wider_tta) - max(narrow_tta)):.1f} points above it with `--tta`"
            ) in SENTENCES


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
    (_, tta, *figures, _, parameters, speed), = rows(TEXT, start=f"| experiment {number} |")
    assert tta == max(("flip", "shifts"), key=lambda tta: recorded(
        number, f"evaluation_val_{tta}")["accuracy"])
    result = recorded(number, f"evaluation_{tta}")
    low, high = result["accuracy_interval"]
    assert (result["experiment"], result["split"]) == (number, "test")
    assert figures == [f"{result['accuracy']:.2%}", f"{low:.1%} to {high:.1%}"]
    assert EXPERIMENTS[number].network == EXPERIMENTS[same_network].network
    assert (f"experiment {same_network}: {parameters} parameters, {speed} a face"
            in (RESULTS / "benchmarks" / "networks_tensorflow.txt").read_text())


def test_the_calibration_of_the_distilled_network_is_the_evaluations():
    distilled, plain = (recorded(number, "evaluation_val")["calibration_error"]
                        for number in (10, 9))
    assert f"calibration error of {distilled:.1%} there, against {plain:.1%}" in SENTENCES
