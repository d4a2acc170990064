import pytest

from pipeline.errors import UserError
from pipeline.io import checkpoint, onnxmodel
from pipeline.io.onnxmodel import read_onnx
from pipeline.nn.precision import int8_is_faster
from tests.conftest import MODEL


def operators(model):
    return {node.op_type for node in model.graph.node}


def test_the_model_that_ships_can_be_int8():
    model, record, precision = read_onnx(MODEL, "int8")
    assert precision == "int8" and "QuantizeLinear" in operators(model)
    assert record == checkpoint.read_record(MODEL)
    model, _, precision = read_onnx(MODEL, "float32")
    assert precision == "float32" and "QuantizeLinear" not in operators(model)


@pytest.mark.parametrize(("faster", "expected"), [(True, "int8"), (False, "float32")])
def test_a_processor_that_is_no_faster_with_int8_gets_float32(monkeypatch, faster, expected):
    monkeypatch.setattr(onnxmodel, "int8_is_faster", lambda: faster)
    model, _, precision = read_onnx(MODEL)
    assert precision == expected
    assert ("QuantizeLinear" in operators(model)) == faster


def test_a_file_without_ranges_is_float32_unless_int8_is_asked_for(monkeypatch):
    record, weights = checkpoint.read(MODEL)
    record = {name: value for name, value in record.items() if name != "activation_ranges"}
    monkeypatch.setattr(checkpoint, "read", lambda path: (record, weights))
    assert read_onnx("x.hdf5")[2] == "float32"
    with pytest.raises(UserError, match=r"x.hdf5: has no ranges .* pipeline\.quantize"):
        read_onnx("x.hdf5", "int8")


def test_the_processor_is_measured():
    assert int8_is_faster() in (True, False)
