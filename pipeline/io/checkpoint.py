"""The one owner of model files: saves, loads and resumes .hdf5 and .keras.

A model file is Keras's own, with one thing added: a record, JSON in the HDF5 dataset or the zip
member `emotion_recognition`, that says what the network is and how far it was trained:

    class_names   names of the outputs, in order
    experiment    number of the recipe
    epoch         epochs trained
    val_accuracy  on the validation split after that epoch, 0-1
    seed, precision, batch_size, backend
    history       {metric: a value per epoch}, as in the training curve's JSON
"""

import json
import zipfile
from pathlib import Path

import h5py

from pipeline.errors import UserError
from pipeline.io.wholefile import whole_file

RECORD = "emotion_recognition"
SUFFIXES = (".hdf5", ".keras")


def save(model, path, record, *, include_optimizer=True):
    """Write a model file, whole or not at all; the suffix of `path` chooses the format.

    Without optimizer state the file is for use, not for resuming: a third of the size, and
    float32 whatever precision it was trained in.
    """
    if not include_optimizer:
        model = in_float32(model)
    with whole_file(path) as partial:
        if partial.suffix == ".hdf5":
            model.save(partial, include_optimizer=include_optimizer)
            with h5py.File(partial, "r+") as file:
                file.create_dataset(RECORD, data=json.dumps(record))
        else:
            model.save(partial)
            with zipfile.ZipFile(partial, "a") as archive:
                archive.writestr(RECORD, json.dumps(record))


def read_record(path):
    """Return the record of a model file. Raises UserError if there is none."""
    path = Path(path)
    try:
        if path.suffix == ".hdf5":
            with h5py.File(path, "r") as file:
                return json.loads(file[RECORD].asstr()[()])
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(RECORD))
    except KeyError as error:
        raise UserError(f"{path}: a model file without class names and epoch, expected one "
                        "written by train_recognizer.py") from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a readable model file, expected .hdf5 or .keras "
                        "written by train_recognizer.py") from error


def load(path):
    """Return (model, record) for use: the model is float32 and not compiled."""
    import keras

    record = read_record(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: Keras cannot load it: {first_line(error)}") from error
    return in_float32(model), record


def restore(model, path):
    """Give a compiled model the weights and the optimizer state of a model file.

    Raises UserError if they are of another network or optimizer, or no state is there.
    """
    try:
        model.optimizer.build(model.trainable_variables)
        model.load_weights(path)
        if Path(path).suffix == ".hdf5":
            _restore_optimizer(model.optimizer, path)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: of another network: {first_line(error)}") from error
    if int(model.optimizer.iterations) == 0:
        raise UserError(f"{path}: has no optimizer state, so training cannot resume from it; "
                        "take one of the epoch_N files")


def _restore_optimizer(optimizer, path):
    # keras.saving loads the weights of .hdf5 files, but not their optimizer state.
    with h5py.File(path, "r") as file:
        group = file.get("optimizer_weights")
        if group is None:
            return
        names = [name.decode() if isinstance(name, bytes) else name
                 for name in group.attrs["weight_names"]]
        values = [group[name][()] for name in names]
    if [value.shape for value in values] != [tuple(v.shape) for v in optimizer.variables]:
        raise ValueError("the optimizer's state has other shapes")
    for variable, value in zip(optimizer.variables, values):
        variable.assign(value)


def in_float32(model):
    """Return the same network computing in float32, uncompiled."""
    config = json.loads(json.dumps(model.get_config()), object_hook=_float32_policy)
    copy = model.__class__.from_config(config)
    copy.set_weights(model.get_weights())
    return copy


def _float32_policy(config):
    if config.get("class_name") == "DTypePolicy":
        config["config"] = {"name": "float32"}
    return config


def first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]
