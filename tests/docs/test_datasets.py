"""The figures of docs/datasets.md are those of the recorded evaluations."""

import json

from tests.docs.records import RESULTS, document, rows

TEXT, _ = document("docs/datasets.md")


def test_the_table_of_recipes_is_that_of_the_benchmark():
    runs = json.loads((RESULTS / "fine-tuning" / "runs.json").read_text())
    found = {}
    for way in ("fine-tuned", "from scratch"):
        for _, pictures, rate, frozen, epochs, *figures in rows(TEXT, start=f"| {way} "):
            found[f"{pictures.replace(',', '')} pictures, {way}, rate {rate}, {frozen} blocks "
                  f"frozen, {epochs} epochs"] = figures
    assert found == {name: [f"{max(run['val_accuracy']):.1%}", f"{run['test']['accuracy']:.1%}"]
                     for name, run in runs.items() if " 5 epochs" not in name}  # of the choice
