"""Each Python block of docs/python.md and docs/table.md runs, in a folder with its files."""

import json
import re
import shutil
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
from PIL import Image

from tests.conftest import ROOT, SAMPLE_PICTURE, SAMPLE_VIDEO, forget_keras_settings, run_main
from tests.docs.test_commands import write_pictures
from tests.training.fewfilters import few_filters

TEXT = (ROOT / "docs" / "python.md").read_text()
TABLE = (ROOT / "docs" / "table.md").read_text()
BLOCKS = {re.findall(r"^#+ (.*)$", TEXT[:match.start()], re.MULTILINE)[-1]
          + (" 2" if "tflite" in match[1] else ""): match[1]
          for match in re.finditer(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(SAMPLE_PICTURE, "photo.jpg")
    shutil.copy(SAMPLE_VIDEO, "talk.mp4")
    (tmp_path / "holiday").mkdir()
    shutil.copy(SAMPLE_PICTURE, "holiday/a.jpg")
    shutil.copytree(ROOT / "checkpoints", tmp_path / "checkpoints")
    return tmp_path


def run(title):
    """Run a block and return its variables, or only compile it if a package is not installed."""
    code = compile(BLOCKS[title], title, "exec")
    missing = [name for name in re.findall(r"^(?:import|from) (\w+)", BLOCKS[title], re.MULTILINE)
               if not find_spec(name)]
    found = {"__name__": title}
    if not missing:
        exec(code, found)
    return None if missing else SimpleNamespace(**found)


def test_every_block_has_a_test():
    assert list(BLOCKS) == [
        "In Python", "A folder of pictures", "A server, with FastAPI", "A demo, with Gradio",
        "Fine-tuning and evaluation", "Without this package", "Without this package 2"]


@pytest.mark.usefixtures("folder")
def test_the_first_lines(capsys):
    found = run("In Python")
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("neutral 0.8") and printed[1].startswith("happy 0.")
    assert printed[2:4] == ["0.0 [(1, 'neutral')]", "0.25 [(1, 'neutral')]"]
    assert len(printed) == 2 + 24
    assert found.table["frame"].nunique() == 120 and found.table["happy"].max() > 0.7


@pytest.mark.usefixtures("folder")
def test_a_folder_of_pictures():
    found = run("A folder of pictures")
    assert list(found.pictures["emotion"]) == ["neutral", "happy"]


def test_a_server():
    found = run("A server, with FastAPI")
    if found and find_spec("httpx"):
        from fastapi.testclient import TestClient

        with open(SAMPLE_PICTURE, "rb") as file:
            answer = TestClient(found.app).post("/faces", files={"file": file}).json()
        assert answer[1]["box"] == [297, 56, 55, 55] and answer[1]["happy"] > 0.7


def test_a_demo(monkeypatch):
    if find_spec("gradio"):
        import gradio

        monkeypatch.setattr(gradio.Interface, "launch", lambda demo: None)
    found = run("A demo, with Gradio")
    if found:
        assert found.demo.fn(found.draw(str(SAMPLE_PICTURE), [])).shape == (240, 432, 3)


@pytest.mark.torture
def test_fine_tuning_and_evaluation(folder, capfd):
    write_pictures(folder / "my_faces")
    with few_filters():
        run("Fine-tuning and evaluation")
    forget_keras_settings()
    assert (folder / "checkpoints" / "mine" / "best.hdf5").is_file()
    assert [path.suffix for path in sorted((folder / "output" / "mine").iterdir())]


@pytest.mark.parametrize(("title", "suffix"), [("Without this package", "onnx"),
                                               ("Without this package 2", "tflite")])
def test_what_is_exported_runs_without_the_package(folder, title, suffix):
    process = run_main("pipeline.export", "--output", f"emotion.{suffix}")
    assert process.returncode == 0, process.stderr_text
    Image.open(SAMPLE_PICTURE).crop((297, 56, 352, 111)).save("face.png")
    found = run(title)
    assert found.names[2] == "happy" and len(found.names) == 6
    assert max(zip(found.probabilities.ravel().tolist(), found.names))[1] == "happy"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    process = run_main("emotion_detector.py", "--video", SAMPLE_VIDEO, "--no-display",
                       "--every", 4, "--csv", folder / "emotions.csv")
    assert process.returncode == 0, process.stderr_text
    shutil.copy(folder / "emotions.csv", folder / "other.csv")
    return folder


def test_columns_and_keys_are_all_explained(tables):
    sidecar = json.loads((tables / "emotions.json").read_text())
    explained = re.findall(r"`(\w+)`", TABLE)
    assert sidecar.keys() - {"table"} <= set(explained)
    assert set(sidecar["columns"]) - set(explained) == {"fear", "happy", "sad", "surprise"}


def test_the_recipes_give_right_values(tables, monkeypatch):
    pytest.importorskip("pandas")
    monkeypatch.chdir(tables)
    found = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", TABLE, re.DOTALL)), found)
    assert found["emotions"] == ["angry", "fear", "happy", "sad", "surprise", "neutral"]
    assert list(found["per_second"].loc[1].index) == list(range(6))
    assert found["per_second"].loc[(2, 4), "happy"] > 0.7
    assert found["shares"].loc[2, "happy"] == 1
    assert found["then"].loc[1, "happy"] == found["seen"].query("face == 1")["happy"].max()
    assert (found["compared"]["emotions.csv"] == found["compared"]["other.csv"]).all()
