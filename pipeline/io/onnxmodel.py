"""Reads a model file as an ONNX model."""

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io import checkpoint
from pipeline.nn.onnxnetwork import onnx_network


def read_onnx(path, precision=None):
    """Return (onnx.ModelProto, record, precision) of a model file; needs no Keras.

    precision: "float32" or "int8"; None is int8 if the file has the ranges of the activations,
    which int8 needs. Raises UserError as checkpoint.read does, and for int8 without ranges.
    """
    if precision not in (None, "float32", "int8"):
        raise UserError(f"found precision {precision!r}, expected float32 or int8")
    record, weights = checkpoint.read(path)
    ranges = record.get("activation_ranges")
    if precision is None:
        precision = "int8" if ranges else "float32"
    if precision == "int8" and not ranges:
        raise UserError(f"{path}: has no ranges of its activations, which int8 needs; take "
                        "--precision float32, or measure them with "
                        f"python -m pipeline.quantize --model {path} --dataset FOLDER")
    with reading(path, checkpoint.EXPECTED):
        model = onnx_network(record["graph"], weights, record["class_names"],
                             ranges if precision == "int8" else None)
    return model, record, precision
