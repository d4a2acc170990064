"""The figures of docs/model_card.md are those of the recorded runs."""

from tests.conftest import MODEL
from tests.docs.records import RESULTS, SHIPPED, best_epoch, document, recorded, rows, table

TEXT, SENTENCES = document("docs/model_card.md")


def evaluation(split, tta):
    """Return the recorded evaluation of the network that ships."""
    parts = ("evaluation", "val" if split == "PublicTest" else f"whole_{SHIPPED}", tta)
    return recorded(SHIPPED, "_".join(part for part in parts if part != "none"))


def test_the_figures_of_the_model_that_ships_are_those_of_its_evaluations():
    found = rows(TEXT, start=("| PublicTest |", "| PrivateTest |"))
    assert len(found) == len([path for path in (RESULTS / str(SHIPPED)).glob("evaluation*.json")
                              if "last" not in path.name])
    for split, tta, *figures in found:
        result = evaluation(split, tta)
        low, high = result["accuracy_interval"]
        assert result["images"] == 3589
        assert figures == [
            f"{result['images']:,}", f"{result['accuracy']:.2%}", f"{low:.1%} to {high:.1%}",
            f"{result['macro_f1']:.2%}", f"{result['calibration_error']:.2%}",
            f"{result['unseen']['accuracy']:.2%}", f"{result['majority']['accuracy']:.2%}"]


def test_the_recall_of_each_class_is_the_evaluations():
    results = [recorded(number, f"evaluation_whole_{number}") for number in (SHIPPED, 28)]
    results += [result["majority"] for result in results]
    assert table(TEXT, "| | `model.hdf5`, FER2013's labels |") == [
        [name, *(f"{result['per_class'][name]['recall']:.0%}" for result in results)]
        for name in results[0]["per_class"]]


def test_the_model_that_ships_is_the_best_epoch_of_its_experiment():
    model = evaluation("PrivateTest", "none")
    accuracies = recorded(model["experiment"])["val_accuracy"]
    assert model["epoch"] == best_epoch(accuracies)
    assert f"EmotionVGGNet of experiment {model['experiment']}" in SENTENCES
    assert f"best on validation (epoch {model['epoch']})" in SENTENCES


def test_the_lead_over_the_original_is_the_evaluations():
    above = [100 * evaluation(split, tta)["accuracy"] - original
             for tta in ("none", "shifts")
             for split, original in (("PublicTest", 68.72), ("PrivateTest", 69.83))]
    assert ("{:.1f} points above the first and {:.1f} above the second, with `--tta shifts` "
            "{:.1f} and {:.1f}").format(*above) in SENTENCES


def test_what_fear_and_sadness_are_taken_for_is_the_evaluations():
    result = evaluation("PrivateTest", "none")
    names = list(result["per_class"])
    matrix = dict(zip(names, result["confusion_matrix"]))
    taken_for = {name: [names[index] for index in sorted(
        range(len(names)), key=lambda index: -matrix[name][index]) if names[index] != name]
        for name in names}
    assert taken_for["fear"][:2] == ["sad", "angry"] and taken_for["sad"][0] == "neutral"
    assert "takes fear for sadness most often, then for anger; sadness for neutral" in SENTENCES


def test_the_size_of_the_file_is_that_of_the_file():
    assert f"{MODEL.stat().st_size / 1e6:.1f} MB" in SENTENCES
