"""The one owner of model files: saves, loads and resumes .hdf5 and .keras.

A model file is Keras's own, so any Keras program can load it, with one thing added: a record, JSON
in the HDF5 dataset or the zip member `emotion_recognition`, that says what the network is and how
far it was trained; pipeline/io/modelrecord.py has its fields.

Here a model file is data only: the record says which arrays there must be, and those are read.
Whatever else the file describes is never looked at, let alone run. `read` needs no Keras.
"""

import json
import math
import shlex
import shutil

import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import members_of, reading
from pipeline.files.wholefile import reserve, whole_file
from pipeline.io.modelfile import EXPECTED, MEMBERS, RECORD, ModelFile, digest_of, in_order
from pipeline.io.modelrecord import parsed


def save(model, path, record, *, include_optimizer=True, weights=None):
    """Write a model file, whole or not at all; the suffix of `path` chooses the format.

    Without optimizer state the file is for use, not for resuming: a third of the size, and
    float32 whatever precision it was trained in. `weights` then take the place of the model's. If
    the record's `arrays` is float16, an .hdf5 file holds them in that, in half the bytes.
    """
    halved = record.get("arrays") == "float16"
    if not include_optimizer:
        weights = weights or model.get_weights()
        model = _build(record)
        model.set_weights([array.astype(np.float16) for array in weights] if halved else weights)
    text = json.dumps(_signed(record, model))
    parsed(text, path)  # what nobody would read is not written
    with whole_file(path) as partial:
        reserve(partial, _room(model))
        if partial.suffix == ".hdf5":
            model.save(partial, include_optimizer=include_optimizer)
            if halved:
                _halve(partial)
        else:
            model.save(partial)
        _write_record(partial, text, is_archive=partial.suffix != ".hdf5")


def _halve(path):
    """Make the arrays of an .hdf5 file float16; written anew, since HDF5 gives no bytes back."""
    import io

    import h5py

    with h5py.File(io.BytesIO(path.read_bytes()), "r") as old, h5py.File(path, "w") as new:
        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                new[name] = item[()].astype(np.float16)
            else:
                new.require_group(name)
            new[name].attrs.update(item.attrs)

        new.attrs.update(old.attrs)
        old.visititems(copy)


def add_to_record(path, **fields):
    """Add fields to a model file's record; its arrays stay. Raises UserError as `read` does."""
    with reading(path, EXPECTED):
        file = ModelFile(path)
        arrays = in_order(file.weights())
    record = {**file.record, **fields}
    if file.checksums is not None:
        record["checksums"] = {**file.checksums, "weights": digest_of(arrays, record)}
    text = json.dumps(record)
    parsed(text, path)
    with whole_file(path) as partial:
        reserve(partial, path.stat().st_size + (1 << 21))
        shutil.copyfile(path, partial)
        _write_record(partial, text, file.is_archive)


def read(path):
    """Return (record, weights) of a model file; needs no Keras.

    weights: {layer: arrays}, for each layer of emotionvgglayers.layers_with_arrays and in their
    order, a tuple of float32 arrays. Raises UserError if the file is damaged, not one of
    train_recognizer.py, or asks for what no recipe does.
    """
    with reading(path, EXPECTED):
        file = ModelFile(path)
        return file.record, file.weights()


def read_record(path):
    """Return the record of a model file, as `read` does."""
    return read(path)[0]


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


def load(path):
    """Return (model, record) for use: the model is float32 and not compiled.

    Raises UserError as `read` does.
    """
    record, weights = read(path)
    model = _build(record)
    model.set_weights(in_order(weights))
    return model, record


def restore(model, path):
    """Give a compiled model the weights and the optimizer state of a model file.

    Raises UserError as `read` does, and if they are of another network or optimizer, or no state
    is there.
    """
    model.optimizer.build(model.trainable_variables)
    with reading(path, EXPECTED):
        file = ModelFile(path)
        weights = in_order(file.weights())
        if [array.shape for array in weights] != [weight.shape for weight in model.weights]:
            raise UserError(f"{path}: of another network: its arrays have other shapes")
        state = file.state(model.optimizer.variables)
    model.set_weights(weights)
    for variable, array in zip(model.optimizer.variables, state, strict=True):
        variable.assign(array)


def _other_classes(record, path, class_names, database):
    names = record["class_names"]
    return UserError(f"{path} tells apart {', '.join(names)}; {database} has "
                     f"{', '.join(class_names)}; build it with --class-names "
                     f"{shlex.join(names)}, or with --classes if they are FER2013's")


def _write_record(path, text, is_archive):
    """Give a model file the text of its record, in place of one that it has."""
    if is_archive:
        import zipfile

        members = {**members_of(path.read_bytes(), MEMBERS), RECORD: text}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return
    import h5py

    with h5py.File(path, "r+") as file:
        if RECORD in file:
            del file[RECORD]
        file.create_dataset(RECORD, data=text)


def _room(model):
    """Return bytes that are enough for the file of a model."""
    variables = [*model.variables, *getattr(getattr(model, "optimizer", None), "variables", ())]
    return sum(8192 + 4 * math.prod(variable.shape) for variable in variables) + (1 << 21)


def _signed(record, model):
    """Return a record with the checksums of itself and of a model's arrays."""
    checksums = {"weights": digest_of(model.get_weights(), record)}
    if getattr(model, "optimizer", None):
        checksums["optimizer"] = digest_of(map(np.asarray, model.optimizer.variables))
    return {**record, "checksums": checksums}


def _build(record):
    """Return the record's network, float32 and not compiled."""
    import keras

    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet

    policy, distribution = keras.config.dtype_policy(), keras.distribution.distribution()
    keras.config.set_dtype_policy("float32")
    keras.distribution.set_distribution(None)  # in one, each process waits for all to build it
    try:
        return EmotionVGGNet.build(**record["network"])
    finally:
        keras.config.set_dtype_policy(policy)
        keras.distribution.set_distribution(distribution)
