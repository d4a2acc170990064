import json
import re

import pytest

from tests.conftest import ROOT, SAMPLE_VIDEO, run_main

TEXT = (ROOT / "docs" / "table.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for name in ("emotions.csv", "other.csv"):
        process = run_main("emotion_detector.py", "--video", SAMPLE_VIDEO, "--no-display",
                           "--every", 4, "--csv", folder / name)
        assert process.returncode == 0, process.stderr_text
    return folder


def test_columns_and_keys_are_all_explained(folder):
    sidecar = json.loads((folder / "emotions.json").read_text())
    explained = re.findall(r"`(\w+)`", TEXT)
    assert sidecar.keys() - {"table"} <= set(explained)
    assert set(sidecar["columns"]) - set(explained) == {"fear", "happy", "sad", "surprise"}


def test_the_recipes_give_right_values(folder, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(folder)
    found = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)), found)
    assert found["emotions"] == ["angry", "fear", "happy", "sad", "surprise", "neutral"]
    assert list(found["per_second"].loc[1].index) == list(range(6))
    assert found["per_second"].loc[(2, 4), "happy"] > 0.7
    assert found["shares"].loc[2, "happy"] == 1
    assert found["then"].loc[1, "happy"] == found["seen"].query("face == 1")["happy"].max()
    assert (found["compared"]["emotions.csv"] == found["compared"]["other.csv"]).all()
