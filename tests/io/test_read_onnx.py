import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.io.checkpoint import read_onnx
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.runtimenetwork import RuntimeNetwork
from tests.conftest import MODEL, change_record, record_of


def operators(model):
    return {node.op_type for node in model.graph.node}


def test_a_model_with_ranges_is_int8_unless_float32_is_asked_for():
    model, record, precision = read_onnx(MODEL)
    assert precision == "int8" and "QuantizeLinear" in operators(model)
    assert record == checkpoint.read_record(MODEL)
    model, _, precision = read_onnx(MODEL, "float32")
    assert precision == "float32" and "QuantizeLinear" not in operators(model)


def test_a_file_without_ranges_is_float32(monkeypatch):
    record, weights = checkpoint.read(MODEL)
    record = {name: value for name, value in record.items() if name != "activation_ranges"}
    monkeypatch.setattr(checkpoint, "read", lambda path: (record, weights))
    assert read_onnx("x.hdf5")[2] == "float32"
    with pytest.raises(UserError, match=r"x.hdf5: has no ranges .* pipeline\.quantize"):
        read_onnx("x.hdf5", "int8")


NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1, "fc_units": [4]}
RANGES = {"input_layer": [0.0, 1.0], "block1_conv1": [-1, 2.0],
          "block1_conv1_normalization": [-1, 2.0], "block1_conv2": [0.0, 0.0],
          "block1_conv2_normalization": [0.0, 0.0], "fc1": [-1e-30, 1e6],
          "fc1_normalization": [-1e-30, 1e6]}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.hdf5"
    checkpoint.save(EmotionVGGNet.build(**NETWORK), path,
                    record_of(NETWORK, activation_ranges=RANGES), include_optimizer=False)
    return path


def test_any_ranges_of_numbers_give_probabilities(path):
    model, _, _ = read_onnx(path, "int8")
    images = np.random.default_rng(0).random((5, 8, 8, 1), dtype=np.float32)
    probabilities = RuntimeNetwork(model).predict_on_batch(images)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("ranges", [
    {}, {"fc1": [0, 1]}, RANGES | {"more": [0, 1]},
    RANGES | {"fc1": [0, 1, 2]}, RANGES | {"fc1": [0, 1e300]}, RANGES | {"fc1": ["0", "1"]},
    RANGES | {"fc1": [True, False]}, RANGES | {"fc1": [0, float("nan")]}, RANGES | {"fc1": 1},
    [0, 1], None, "ranges",
])
def test_other_ranges_are_refused(path, ranges):
    change_record(path, activation_ranges=ranges)
    with pytest.raises(UserError, match=r"model\.hdf5: "):
        read_onnx(path, "int8")
