"""The figures of docs/scaling.md are those that were recorded."""

import json
import re

from tests.docs.records import RESULTS, document, recorded, table

TEXT, SENTENCES = document("docs/scaling.md")


def test_the_table_of_devices_is_what_was_recorded():
    measured = json.loads(re.search(
        "experiment 7\n(.*)", (RESULTS / "scaling" / "devices.txt").read_text())[1])
    names = {"rounding": "one device, initial weights moved by one rounding"}
    assert table(TEXT, "| | after a step |") == [
        [names.get(number, f"{number} devices"), f"{after['step']:.1e}", f"{after['epoch']:.1e}"]
        for number, after in measured.items()]


def test_the_minutes_of_a_training_on_a_gpu_are_the_recorded_ones():
    seconds = recorded(13)["seconds"]
    assert (f"{len(seconds)} epochs of experiment 13 took {sum(seconds) / 60:.0f} minutes"
            in SENTENCES)
