"""Writes, reads and resumes model files, which may come from strangers.

A model file is Keras's own .hdf5, so any Keras program can load it, with a record added: JSON in
the HDF5 dataset `emotion_recognition`, whose fields pipeline/io/modelrecord.py has. Only it and the
arrays that it names are read, and nothing in the file is ever run.
"""

import hashlib
import io
import json
import math
import shlex

import h5py
import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.files.wholefile import reserve, whole_file
from pipeline.io.modelrecord import LONGEST_RECORD, parsed
from pipeline.io.plainhdf5 import opened_hdf5
from pipeline.nn.graph import layers_of

RECORD = "emotion_recognition"
EXPECTED = "a model file of train_recognizer.py"


def save(model, path, record, *, include_optimizer=True, weights=None):
    """Write a model file (.hdf5), whole or not at all.

    Without optimizer state the file is for use, not for resuming: a third of the size, and
    float32 whatever precision it was trained in. `weights`, {layer: {array: values}}, then take
    the place of the model's. If the record's `arrays` is float16, the file holds them in that.
    """
    from pipeline.nn.kerasgraph import set_weights, weights_of

    halved = record.get("arrays") == "float16"
    weights = weights or weights_of(model)
    if halved:
        weights = {layer: {name: np.float32(np.float16(array)) for name, array in arrays.items()}
                   for layer, arrays in weights.items()}
    if not include_optimizer:
        model = _build(record)
        set_weights(model, weights)
    state = model.optimizer.variables if getattr(model, "optimizer", None) else []
    checksums = {"weights": digest_of(arrays_in(weights), record)}
    if state:
        checksums["optimizer"] = digest_of(map(np.asarray, state))
    text = _text(record, checksums, path)
    with whole_file(path) as partial:
        reserve(partial, LONGEST_RECORD + sum(8192 + 4 * math.prod(variable.shape)
                                              for variable in (*model.variables, *state)))
        model.save(partial, include_optimizer=include_optimizer)
        if halved:
            _halve(partial)
        with h5py.File(partial, "r+") as file:
            file[RECORD] = np.bytes_(text)


def add_to_record(path, **fields):
    """Add fields to a model file's record; its arrays stay. Raises UserError as `read` does."""
    record, checksums, weights, _ = _read(path)
    record = {**record, **fields}
    checksums = {**checksums, "weights": digest_of(arrays_in(weights), record)}
    text, content = _text(record, checksums, path), io.BytesIO(path.read_bytes())
    with h5py.File(content, "r+") as file:
        del file[RECORD]
        file[RECORD] = np.bytes_(text)
    with whole_file(path) as partial:
        partial.write_bytes(content.getvalue())


def read(path):
    """Return (record, weights) of a model file; needs no Keras.

    weights: {layer: {array: float32 values}}, in the graph's order. Raises UserError if the file is
    damaged, not one of train_recognizer.py, or asks for too much memory or time.
    """
    record, _, weights, _ = _read(path)
    return record, weights


def read_record(path):
    """Return the record of a model file, as `read` does."""
    return read(path)[0]


def read_onnx(path, precision=None):
    """Return (onnx.ModelProto, record, precision) of a model file; needs no Keras.

    precision: "float32" or "int8"; None is int8 if the file has the ranges of the activations,
    which int8 needs. Raises UserError as `read` does, and for int8 without ranges.
    """
    from pipeline.nn.onnxnetwork import onnx_network

    if precision not in (None, "float32", "int8"):
        raise UserError(f"found precision {precision!r}, expected float32 or int8")
    record, weights = read(path)
    ranges = record.get("activation_ranges")
    precision = precision or ("int8" if ranges else "float32")
    if precision == "int8" and not ranges:
        raise UserError(f"{path}: has no ranges of its activations, which int8 needs; take "
                        "--precision float32, or measure them with "
                        f"python -m pipeline.quantize --model {path} --dataset FOLDER")
    with reading(path, EXPECTED):
        model = onnx_network(record["graph"], weights, record["class_names"],
                             ranges if precision == "int8" else None)
    return model, record, precision


def load(path):
    """Return (model, record) for use: the model is float32 and not compiled.

    Raises UserError as `read` does.
    """
    from pipeline.nn.kerasgraph import set_weights

    record, weights = read(path)
    with reading(path, EXPECTED):  # Keras refuses some settings only together
        model = _build(record)
        set_weights(model, weights)
    return model, record


def restore(model, path):
    """Give a compiled model the weights and the optimizer state of a model file.

    Raises UserError as `read` does, and if the model is of another network or optimizer, or the
    file has no optimizer state.
    """
    from pipeline.nn.kerasgraph import set_weights

    model.optimizer.build(model.trainable_variables)
    _, _, weights, state = _read(path, model.optimizer)
    set_weights(model, weights)
    for variable, array in zip(model.optimizer.variables, state, strict=True):
        variable.assign(array)


def require_classes(record, path, class_names, database):
    """Raise UserError if a model file is not for the classes of a database."""
    if tuple(record["class_names"]) != tuple(class_names):
        raise _other_classes(record, path, class_names, database)


def class_indices(record, path, class_names, database):
    """Return the number that each class of a database has in a model file, (classes,) list of int.

    Raises UserError if the model file does not know them all.
    """
    if not set(class_names) <= set(record["class_names"]):
        raise _other_classes(record, path, class_names, database)
    return [record["class_names"].index(name) for name in class_names]


def _other_classes(record, path, class_names, database):
    names = record["class_names"]
    return UserError(f"{path} tells apart {', '.join(names)}; {database} has "
                     f"{', '.join(class_names)}; build it with --class-names "
                     f"{shlex.join(names)}, or with --classes if they are FER2013's")


def arrays_in(weights):
    """Return the arrays of {layer: {array: values}} in a list."""
    return [array for arrays in weights.values() for array in arrays.values()]


def digest_of(arrays, record=None):
    """Return the SHA-256 of arrays, with that of the record, which has their shapes."""
    digest = hashlib.sha256(json.dumps(record).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _read(path, optimizer=None):
    """Return (record, checksums, weights, optimizer state) of a model file.

    The state is that of an optimizer's variables, in their order.
    """
    state = []
    with reading(path, EXPECTED), opened_hdf5(path) as file:
        if not file.has(RECORD):
            raise UserError(f"{path}: a model file without class names and epoch, so of another "
                            f"program; expected {EXPECTED}")
        record = parsed(file.text(RECORD, LONGEST_RECORD), path)
        checksums = record.pop("checksums", {})
        weights = _weights(file, record)
        found = {"weights": digest_of(arrays_in(weights), record)}
        if optimizer:
            state = _optimizer_state(path, file, optimizer.variables)
            found["optimizer"] = digest_of(state)
    for name, digest in found.items():
        if checksums.get(name) != digest:
            raise UserError(f"{path}: damaged: the checksum of its {name} does not fit; take "
                            "another checkpoint")
    return record, checksums, weights, state


def _weights(file, record):
    dtype = record.get("arrays", "float32")
    weights = {layer.name: {
        name: file.array(f"model_weights/{layer.name}/{layer.name}/{name}", tuple(shape), dtype)
        .astype(np.float32) for name, shape in layer.arrays.items()}
        for layer in layers_of(record["graph"]) if layer.arrays}
    if not all(np.isfinite(array).all() for array in arrays_in(weights)):
        raise ValueError("its weights are not all numbers")
    return weights


def _optimizer_state(path, file, variables):
    if not file.has("optimizer_weights"):
        raise UserError(f"{path}: has no optimizer state, so training cannot resume from it; take "
                        "one of the epoch_N files, or start from its weights with --pretrained")
    arrays = []
    for variable in variables:
        name = f"optimizer_weights/{variable.path}"
        if not file.has(name):  # if Keras built the optimizer in fit, and scales losses
            name = f"optimizer_weights/loss_scale_optimizer/{variable.path}"
        arrays.append(file.array(name, tuple(variable.shape), variable.dtype))
    return arrays


def _text(record, checksums, path):
    """Return the text of a record; raise UserError for one that would be refused when read."""
    text = json.dumps({**record, "checksums": checksums})
    parsed(text, path)
    return text


def _halve(path):
    """Make the arrays of a model file float16; written anew, since HDF5 gives no bytes back."""
    with h5py.File(io.BytesIO(path.read_bytes()), "r") as old, h5py.File(path, "w") as new:
        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                new[name] = item[()].astype(np.float16)
            else:
                new.require_group(name)
            new[name].attrs.update(item.attrs)

        new.attrs.update(old.attrs)
        old.visititems(copy)


def _build(record):
    """Return the record's network, float32 and not compiled."""
    import keras

    from pipeline.nn.kerasgraph import keras_model

    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)  # in one, each process waits for all to build it
    try:
        return keras_model(record["graph"], dtype="float32")
    finally:
        keras.distribution.set_distribution(distribution)
