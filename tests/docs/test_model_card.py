"""The figures of docs/model_card.md are those of the recorded runs."""

from tests.conftest import MODEL
from tests.docs.records import SHIPPED, best_epoch, document, recorded, table

TEXT, SENTENCES = document("docs/model_card.md")
PLAIN, SHIFTS = (recorded(SHIPPED, f"evaluation_whole_{SHIPPED}{tta}") for tta in ("", "_shifts"))


def test_the_measures_of_the_model_that_ships_are_those_of_its_evaluations():
    expected = []
    for name, result in (("none", PLAIN), ("shifts", SHIFTS)):
        low, high = result["accuracy_interval"]
        assert result["images"] == 3589
        expected.append([
            name, f"{result['accuracy']:.2%}", f"{low:.1%} to {high:.1%}",
            f"{result['macro_f1']:.2%}", f"{result['calibration_error']:.2%}",
            f"{result['unseen']['accuracy']:.2%}", f"{result['majority']['accuracy']:.2%}"])
    assert table(TEXT, "| `--tta` |") == expected
    above = [100 * result["accuracy"] - 69.83 for result in (PLAIN, SHIFTS)]
    assert ("69.83 %: this network is {:.1f} points above it, with `--tta shifts` {:.1f}".format(
        *above)) in SENTENCES


def test_the_recall_of_each_class_is_the_evaluations():
    results = [recorded(number, f"evaluation_whole_{number}") for number in (SHIPPED, 28)]
    results += [result["majority"] for result in results]
    assert table(TEXT, "| | `model.hdf5`, FER2013's labels |") == [
        [name, *(f"{result['per_class'][name]['recall']:.0%}" for result in results)]
        for name in results[0]["per_class"]]


def test_the_model_that_ships_is_the_best_epoch_of_its_experiment():
    assert PLAIN["epoch"] == best_epoch(recorded(SHIPPED)["val_accuracy"])
    assert f"EmotionVGGNet of experiment {SHIPPED}" in SENTENCES
    assert f"best on validation (epoch {PLAIN['epoch']})" in SENTENCES
    assert f"{MODEL.stat().st_size / 1e6:.1f} MB" in SENTENCES


def test_what_fear_and_sadness_are_taken_for_is_the_evaluations():
    names = list(PLAIN["per_class"])
    wrong = {}
    for name, row in zip(names, PLAIN["confusion_matrix"]):
        wrong[name] = sorted(set(names) - {name}, key=lambda other: -row[names.index(other)])
    assert wrong["fear"][:2] == ["sad", "angry"] and wrong["sad"][0] == "neutral"
    assert "takes fear for sadness most often, then for anger; sadness for neutral" in SENTENCES
