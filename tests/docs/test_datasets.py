"""The figures of docs/datasets.md are those of the recorded evaluations."""

import json

from config.experiments import EXPERIMENTS
from tests.docs.records import RESULTS, document, rows

TEXT, _ = document("docs/datasets.md")
RUNS = json.loads((RESULTS / "fine-tuning" / "runs.json").read_text())


def test_the_table_of_fine_tuning_is_what_was_recorded():
    found = [row for row in rows(TEXT) if row[0].replace(",", "").isdigit()]
    assert found
    for pictures, *figures in found:
        names = (f"{way}_{pictures.replace(',', '')}.json" for way in ("fine-tune", "6"))
        results = [json.loads((RESULTS / "fine-tuning" / name).read_text()) for name in names]
        assert figures == [f"{result['accuracy']:.1%}" for result in results]
        assert {result["images"] for result in results} == {1855}


def test_the_table_of_recipes_is_that_of_the_benchmark():
    found = {}
    for way in ("fine-tuned", "from scratch"):
        for _, pictures, rate, frozen, epochs, *figures in rows(TEXT, start=f"| {way} "):
            found[f"{pictures.replace(',', '')} pictures, {way}, rate {rate}, {frozen} blocks "
                  f"frozen, {epochs} epochs"] = figures
    assert found == {name: [f"{max(run['val_accuracy']):.1%}", f"{min(run['val_loss']):.3f}",
                            f"{run['test']['accuracy']:.1%}"] for name, run in RUNS.items()}


def test_the_recipe_is_the_best_in_validation():
    tried = {name: min(run["val_loss"]) for name, run in RUNS.items()
             if name.startswith("2000 pictures, fine-tuned") and name.endswith(" 5 epochs")}
    recipe = EXPERIMENTS["fine-tune"]
    best = min(tried, key=tried.get)
    assert f"rate {recipe.learning_rate(1):g}, {recipe.frozen_blocks} blocks frozen" in best
