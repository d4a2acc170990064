"""What docs/scaling.md says of devices is what was recorded."""

import json
import re

import pytest

from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "scaling.md").read_text()
RECORDED = (ROOT / "results" / "scaling" / "devices.txt").read_text()


@pytest.mark.parametrize("experiment", [1, 7])
def test_the_table_of_devices_is_what_was_recorded(experiment):
    recorded = json.loads(re.search(rf"experiment {experiment}\n(.*)", RECORDED)[1])
    for number, differences in recorded.items():
        name = ("one device, initial weights moved by one rounding" if number == "rounding"
                else f"{number} devices")
        assert (f"| experiment {experiment}, {name} | {differences['step']:.1e} | "
                f"{differences['epoch']:.1e} |") in DOCUMENT
