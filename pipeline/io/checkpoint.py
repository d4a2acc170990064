"""The one owner of model files: saves, loads and resumes .hdf5 and .keras.

A model file is Keras's own, so any Keras program can load it, with one thing added: a record, JSON
in the HDF5 dataset or the zip member `emotion_recognition`, that says what the network is and how
far it was trained:

    network       arguments of EmotionVGGNet.build
    class_names   names of the outputs, in order
    experiment    number of the recipe
    epoch         epochs trained, of `epochs` in all
    teachers      paths of the model files that it learns from
    val_accuracy  on the validation split after that epoch, 0-1
    seed, precision, batch_size, backend
    history       {metric: a value per epoch}, as in the training curve's JSON

Here a model file is data only: the network is built from the record by this project's code, and
takes the arrays of the file if they fit. Nothing that the file describes is run.
"""

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from pipeline.errors import UserError
from pipeline.io.untrusted import plain_hdf5, reading, require_plain_archive
from pipeline.io.wholefile import whole_file

RECORD = "emotion_recognition"
WEIGHTS = "model.weights.h5"
MEMBERS = ("config.json", "metadata.json", WEIGHTS, RECORD)  # of a .keras archive
EXPECTED = "a model file of train_recognizer.py"

# What a record may ask EmotionVGGNet.build for, so that no file can ask for all memory.
LARGEST = {"width": 128, "height": 128, "depth": 4, "classes": 1000, "blocks": 6,
           "filters": 64}
LARGEST_FC_UNITS = 512  # of each of at most 4 layers


def save(model, path, record, *, include_optimizer=True, weights=None):
    """Write a model file, whole or not at all; the suffix of `path` chooses the format.

    Without optimizer state the file is for use, not for resuming: a third of the size, and
    float32 whatever precision it was trained in. `weights` then take the place of the model's.
    """
    if not include_optimizer:
        trained, model = model, _build(record, path)
        model.set_weights(weights or trained.get_weights())
    text = json.dumps(record)
    with whole_file(path) as partial:
        if partial.suffix == ".hdf5":
            model.save(partial, include_optimizer=include_optimizer)
            with h5py.File(partial, "r+") as file:
                file.create_dataset(RECORD, data=text)
                file[RECORD].attrs["sha256"] = _digest(file, text)
        else:
            model.save(partial)
            with zipfile.ZipFile(partial, "a") as archive:
                archive.writestr(RECORD, text)


def read_record(path):
    """Return the record of a model file. Raises UserError if it is none, or damaged."""
    with _opened(path) as (_, record):
        return record


def require_classes(record, path, class_names, database):
    """Raise UserError if a model file is not for the classes of a database."""
    if tuple(record["class_names"]) != tuple(class_names):
        raise UserError(f"{path} tells apart {', '.join(record['class_names'])}; {database} has "
                        f"{', '.join(class_names)}; build it with --classes "
                        f"{len(record['class_names'])}")


def load(path):
    """Return (model, record) for use: the model is float32 and not compiled.

    Raises UserError if the file is damaged, or not one of train_recognizer.py.
    """
    with _opened(path) as (file, record):
        model = _build(record, path)
        _assign(model.weights, _weights(file, model), path)
    return model, record


def restore(model, path):
    """Give a compiled model the weights and the optimizer state of a model file.

    Raises UserError if they are of another network or optimizer, or no state is there.
    """
    model.optimizer.build(model.trainable_variables)
    with _opened(path) as (file, _):
        _assign(model.weights, _weights(file, model), path)
        state = _optimizer_state(file)
    if not state:
        raise UserError(f"{path}: has no optimizer state, so training cannot resume from it; "
                        "take one of the epoch_N files")
    _assign(model.optimizer.variables, state, path)


def _weights(file, model):
    """Return the arrays of the weights in the order of model.weights."""
    if "model_weights" in file:
        layers = [file["model_weights"][name]
                  for name in file["model_weights"].attrs["layer_names"]]
        return [layer[name][()] for layer in layers for name in layer.attrs["weight_names"]]
    # A .keras archive names layers by their kind, and numbers them from the second one on.
    arrays, counts = [], Counter()
    for layer in model.layers:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(layer).__name__).lower()
        name = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
        arrays += _numbered(file["layers"].get(name))
    return arrays


def _optimizer_state(file):
    """Return the arrays of the optimizer's variables, in their order; none if not kept."""
    if "model_weights" in file:
        group = file.get("optimizer_weights")
        return [] if group is None else [group[name][()] for name in group.attrs["weight_names"]]
    return _numbered(file.get("optimizer"))


def _numbered(group):
    """Return the arrays that a .keras archive numbers below a group's `vars`."""
    variables = {} if group is None else group.get("vars", {})
    return [variables[str(number)][()] for number in range(len(variables))]


def _assign(variables, arrays, path):
    if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
        raise UserError(f"{path}: of another network or optimizer: its arrays have other shapes")
    for variable, array in zip(variables, arrays):
        variable.assign(array)


@contextmanager
def _opened(path):
    """Yield the HDF5 file of a model file's arrays, looked through, and its record."""
    path = Path(path)
    if path.suffix == ".hdf5":
        with plain_hdf5(path, path, EXPECTED) as file:
            if RECORD not in file:
                raise UserError(_without_record(path))
            text = file[RECORD].asstr()[()]
            if file[RECORD].attrs.get("sha256") != _digest(file, text):
                raise UserError(f"{path}: damaged: its contents do not fit its checksum; take "
                                "another checkpoint")
            yield file, json.loads(text)
        return
    with reading(path, EXPECTED), zipfile.ZipFile(path) as archive:
        require_plain_archive(archive, path, MEMBERS)
        if RECORD not in archive.namelist():
            raise UserError(_without_record(path))
        record = json.loads(archive.read(RECORD))
        with plain_hdf5(io.BytesIO(archive.read(WEIGHTS)), path, EXPECTED) as file:
            yield file, record


def _without_record(path):
    return f"{path}: a model file without class names and epoch, expected {EXPECTED}"


def _digest(file, text):
    """Return the SHA-256 of a record's text and of everything else in an HDF5 file."""
    digest = hashlib.sha256(text.encode())

    def add(name, item):
        for key in sorted(item.attrs):
            digest.update(f"{name}@{key}={item.attrs[key]!r}".encode())
        if isinstance(item, h5py.Dataset):
            digest.update(f"{name}:{item.dtype}{item.shape}".encode())
            digest.update(np.ascontiguousarray(item[()]).tobytes())

    add("", file)
    for name in sorted(set(file) - {RECORD}):
        add(name, file[name])
        file[name].visititems(lambda below, item, above=name: add(f"{above}/{below}", item))
    return digest.hexdigest()


def _build(record, path):
    """Return the record's network, float32 and not compiled."""
    import keras

    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet

    network = {"filters": 32, "fc_units": [64, 64], **record.get("network", {})}
    sizes = [(name, network.get(name), largest) for name, largest in LARGEST.items()]
    with reading(path, EXPECTED):
        sizes += [("fc_units", units, LARGEST_FC_UNITS) for units in network["fc_units"]]
        sizes.append(("FC layers", len(network["fc_units"]), 4))
    for name, value, largest in sizes:
        if type(value) is not int or not 1 <= value <= largest:
            raise UserError(f"{path}: refused: its network has {name} {value!r}, expected 1 to "
                            f"{largest}")
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        with reading(path, EXPECTED):
            return EmotionVGGNet.build(**network)
    finally:
        keras.config.set_dtype_policy(policy)
