"""The record of a model file: what each field may be, and how the fields fit together."""

import json

from pipeline.errors import UserError
from pipeline.nn import fields
from pipeline.nn.fields import either, named, number, one_of, several, text, whole
from pipeline.nn.graph import LARGEST_ACTIVATION, MOST_LAYERS, layers_of

LONGEST_RECORD = 1 << 22  # bytes; a graph of 1,000 layers and 1,000 epochs have 1 MB

RECORD = {
    "graph": ("a list of layers", lambda value: type(value) is list),
    "class_names": several(text(64), most=1000, least=1),
    "experiment": either(whole(1, 9999), text(64)),
    "epoch": whole(0, 99999),
    "epochs": whole(1, 99999),
    "seed": whole(0, 2**32 - 1),
    "precision": one_of("float32", "mixed_bfloat16", "mixed_float16"),
    "backend": one_of("tensorflow", "jax", "torch"),
    "batch_size": whole(1, 1 << 20),
    "data": fields.FIELDS_WITH_NAMES,  # SHA-256 of the databases
    "devices": whole(1, 1 << 20),
    "teachers": several(text(4096), most=16),
    "pretrained": text(4096),
    "balance": one_of(True, False),
    "val_accuracy": number(0, 1),
    "history": named(several(number(-1e300, 1e300), most=99999), most=32),
    "recipe": fields.FIELDS_WITH_NAMES,
    "arrays": one_of("float32", "float16"),  # how the file holds them; float32 unless it says so
    "activation_ranges": named(
        several(number(-LARGEST_ACTIVATION, LARGEST_ACTIVATION), most=2, least=2),
        most=2 * MOST_LAYERS),
    "checksums": fields.FIELDS_WITH_NAMES,
}
REQUIRED = ("graph", "class_names", "experiment", "epoch", "seed", "precision", "val_accuracy",
            "history")


def parsed(text, path):
    """Return the record of a model file from its bytes; raise UserError if a field is wrong."""
    record = json.loads(text)
    if type(record) is not dict:
        raise UserError(f"{path}: refused: its record has no fields with names")
    if "network" in record:
        raise UserError(f"{path}: written by an earlier version, which described its network "
                        "otherwise; train it again, or take one of the networks that ship")
    try:
        fields.require_fields(record, RECORD, REQUIRED)
        _require_consistent(record)
    except ValueError as error:
        raise UserError(f"{path}: refused: its record has {error}") from None
    return record


def _require_consistent(record):
    """Raise ValueError, which continues "its record has", unless the fields fit together."""
    names, (classes,) = record["class_names"], layers_of(record["graph"])[-1].shape
    if not len(set(names)) == len(names) == classes:
        raise ValueError(f"{len(set(names))} different class names, expected {classes}, one for "
                         "each of the network's outputs")
    for name, values in record["history"].items():
        if len(values) != record["epoch"]:
            raise ValueError(f"{len(values)} values of {name}, expected {record['epoch']}, one for "
                             "each epoch")
