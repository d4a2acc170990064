"""The figures of docs/datasets.md are those of the recorded evaluations."""

import json

from config.experiments import EXPERIMENTS
from tests.docs.records import RESULTS, document, rows

TEXT, SENTENCES = document("docs/datasets.md")
RUNS = json.loads((RESULTS / "fine-tuning" / "runs.json").read_text())


def test_the_table_of_recipes_is_that_of_the_benchmark():
    found = {}
    for way in ("fine-tuned", "from scratch"):
        for _, pictures, rate, frozen, epochs, *figures in rows(TEXT, start=f"| {way} "):
            found[f"{pictures.replace(',', '')} pictures, {way}, rate {rate}, {frozen} blocks "
                  f"frozen, {epochs} epochs"] = figures
    assert found == {name: [f"{max(run['val_accuracy']):.1%}", f"{min(run['val_loss']):.3f}",
                            f"{run['test']['accuracy']:.1%}"] for name, run in RUNS.items()
                     if " 5 epochs" not in name}  # those chose the recipe: see below


def test_the_recipe_has_the_least_loss_of_those_with_the_best_accuracy():
    tried = {name: (max(run["val_accuracy"]), min(run["val_loss"])) for name, run in RUNS.items()
             if name.startswith("2000 pictures, fine-tuned") and name.endswith(" 5 epochs")}
    most = max(accuracy for accuracy, _ in tried.values())
    least = min(loss for accuracy, loss in tried.values() if accuracy >= most - 0.01)
    best, = (name for name, (_, loss) in tried.items() if loss == least)
    assert len(tried) == 5 and "chosen among five settings" in SENTENCES
    recipe = EXPERIMENTS["fine-tune"]
    assert f"rate {recipe.learning_rate(1):g}, {recipe.frozen_blocks} blocks frozen" in best
