import json
import re
import zipfile
from functools import cache

import numpy as np
import onnx
import pytest

from config import emotion_config as config
from pipeline import export
from pipeline.io import checkpoint
from pipeline.io.checkpoint import read_onnx
from pipeline.nn.runtimenetwork import RuntimeNetwork
from tests.conftest import MODEL, fails_with, run_main


@pytest.fixture(scope="module", autouse=True)
def faces_that_are_found_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "faces_of_sample", cache(export.faces_of_sample))
        yield


def exported(path, *arguments):
    process = run_main("pipeline.export", "--model", MODEL, "--output", path, *arguments)
    assert process.returncode == 0, process.stderr_text
    assert process.stderr_text == ""
    assert str(path) in process.stdout_text
    return float(re.search(r"on 100 faces .* by (\S+) at most", process.stdout_text)[1])


@pytest.mark.parametrize(("precision", "largest"), [("float32", 1e-5), ("int8", 0.1)])
def test_onnx_is_what_the_detector_runs(tmp_path, precision, largest):
    path = tmp_path / "emotion.onnx"
    assert 0 < exported(path, "--precision", precision) < largest
    assert path.read_bytes() == read_onnx(MODEL, precision)[0].SerializeToString()
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(properties["class_names"])[2] == "happy"


def test_tflite(tmp_path):
    path = tmp_path / "emotion.tflite"
    assert 0 < exported(path) < 1e-5
    assert path.read_bytes()[4:8] == b"TFL3"
    assert zipfile.ZipFile(path).read("labels.txt").decode().split() == list(config.CLASS_NAMES[6])


def test_the_network_of_the_detector_is_exported_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = run_main("pipeline.export", "--output", "emotion.onnx")
    assert process.returncode == 0, process.stderr_text
    expected = read_onnx(config.DETECTOR_MODEL_PATH, "float32")[0].SerializeToString()
    assert (tmp_path / "emotion.onnx").read_bytes() == expected


def test_a_model_file_for_use_is_half_the_size(tmp_path):
    path = tmp_path / "emotion.hdf5"
    assert 0 < exported(path) < 0.002
    assert path.stat().st_size < 0.55 * MODEL.stat().st_size
    record, given = checkpoint.read_record(path), checkpoint.read_record(MODEL)
    assert record["arrays"] == "float16"
    assert record["activation_ranges"] == given["activation_ranges"]


def test_the_model_itself_is_not_written_over(tmp_path):
    model = tmp_path / "model.hdf5"
    model.write_bytes(MODEL.read_bytes())
    (tmp_path / "link.hdf5").symlink_to(model)
    for output in (model, tmp_path / "link.hdf5"):
        assert "which is read" in fails_with("pipeline.export", "--model", model, "--output",
                                             output)
    assert model.read_bytes() == MODEL.read_bytes()


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    path = tmp_path / "emotion.onnx"
    path.write_text("earlier")
    monkeypatch.setattr(RuntimeNetwork, "predict_on_batch",
                        lambda self, images: np.full((len(images), 6), np.nan, np.float32))
    line = fails_with("pipeline.export", "--model", MODEL, "--output", path)
    assert "not written" in line
    assert path.read_text() == "earlier" and list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_is_one_line(tmp_path):
    for output, more, message in (
        ("x.pb", (), "ends in .onnx, .tflite, .hdf5"), ("none/x.onnx", (), "create it"),
        ("x.tflite", ("--precision", "int8"), "for .onnx files"),
    ):
        line = fails_with("pipeline.export", "--model", MODEL, "--output", tmp_path / output, *more)
        assert message in line
    assert "no such model file" in fails_with(
        "pipeline.export", "--model", tmp_path / "none.hdf5", "--output", tmp_path / "x.onnx")
