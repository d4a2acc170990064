import fcntl
import json
import resource
from functools import cache

import h5py
import keras
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.kerasgraph import graph_of, keras_model
from pipeline.training.network import compile_for_training
from tests.conftest import record_of

NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 3, "blocks": 1}
RECORD = record_of(NETWORK, epoch=2, history={"loss": [1.5, 1.25]})


def network(policy="float32", **changes):
    keras.config.set_dtype_policy(policy)
    try:
        model = keras_model(graph_of(EmotionVGGNet.build(**NETWORK | changes)))
        compile_for_training(model, "adam", 0.01)
    finally:
        keras.config.set_dtype_policy("float32")
    return model


@cache  # what is saved stays as it is
def trained(policy="float32"):
    keras.utils.set_random_seed(0)
    model = network(policy)
    x = np.random.default_rng(0).random((32, 8, 8, 1), dtype=np.float32)
    model.fit(x, np.eye(3)[np.arange(32) % 3], epochs=2, verbose=0)
    return model


def state(model):
    return [np.array(value) for value in (*model.weights, *model.optimizer.variables)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "epoch_2.hdf5"


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_restore_gives_weights_and_optimizer_state_back(path, policy):
    model = trained(policy=policy)
    checkpoint.save(model, path, RECORD)
    resumed = network(policy)
    checkpoint.restore(resumed, path)
    assert int(resumed.optimizer.iterations) == int(model.optimizer.iterations) > 0
    for before, after in zip(state(model), state(resumed), strict=True):
        assert np.array_equal(before, after)


def test_load_gives_the_network_in_float32_and_the_record(path):
    model = trained(policy="mixed_bfloat16")
    checkpoint.save(model, path, RECORD)
    loaded, record = checkpoint.load(path)
    assert record == RECORD
    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}
    for before, after in zip(model.weights, loaded.weights, strict=True):
        assert np.array_equal(before, after)


def test_a_file_without_optimizer_state_is_smaller_and_not_for_resuming(path):
    model = trained()
    checkpoint.save(model, path, RECORD)
    size = path.stat().st_size
    checkpoint.save(model, path, RECORD, include_optimizer=False)
    assert path.stat().st_size < 0.7 * size
    assert checkpoint.load(path)[1] == RECORD
    with pytest.raises(UserError, match="no optimizer state"):
        checkpoint.restore(network(), path)


def test_any_keras_program_can_load_the_file(path):
    model = trained(policy="mixed_bfloat16")
    checkpoint.save(model, path, RECORD, include_optimizer=False)
    loaded = keras.saving.load_model(path, compile=False)
    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}
    for layer in loaded.layers:
        assert type(layer) is getattr(keras.layers, type(layer).__name__)


def test_another_network_is_refused(path):
    checkpoint.save(trained(), path, RECORD)
    with pytest.raises(UserError, match="damaged, or not a model file"):
        checkpoint.restore(network(blocks=2), path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"])
def test_what_is_no_model_is_named(path, content):
    path.write_bytes(content)
    for read in (checkpoint.read_record, checkpoint.load):
        with pytest.raises(UserError, match="damaged, or not a model file"):
            read(path)


def test_a_model_without_a_record_is_named(path):
    network().save(path)
    with pytest.raises(UserError, match="without class names"):
        checkpoint.load(path)


def test_keras_own_format_and_older_records_are_named(tmp_path):
    path = tmp_path / "model.keras"
    network().save(path)
    with pytest.raises(UserError, match="damaged, or not a model file"):
        checkpoint.read(path)
    path = tmp_path / "model.hdf5"
    network().save(path)
    with h5py.File(path, "r+") as file:
        file[checkpoint.RECORD] = np.bytes_(json.dumps(RECORD | {"network": NETWORK}))
    with pytest.raises(UserError, match=r"model\.hdf5: written by an earlier version"):
        checkpoint.read(path)


def test_a_failed_save_leaves_the_older_file(path, monkeypatch):
    model = trained()
    checkpoint.save(model, path, RECORD)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        checkpoint.save(model, path, RECORD | {"not for JSON": object()})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_record_can_be_read_without_this_project(tmp_path):
    checkpoint.save(trained(), tmp_path / "model.hdf5", RECORD)
    with h5py.File(tmp_path / "model.hdf5") as file:
        assert RECORD.items() <= json.loads(file["emotion_recognition"].asstr()[()]).items()


def test_float16_halves_a_file_for_use(tmp_path):
    model = trained()
    names = whole, half = tmp_path / "whole.hdf5", tmp_path / "half.hdf5"
    for path, fields in zip(names, ({}, {"arrays": "float16"})):
        checkpoint.save(model, path, RECORD | fields, include_optimizer=False)
    with h5py.File(whole) as first, h5py.File(half) as second:
        assert dict(first["model_weights"].attrs).keys() == dict(
            second["model_weights"].attrs).keys()
        name = "model_weights/classes/classes/kernel"
        assert (first[name].dtype, second[name].dtype) == (np.float32, np.float16)
    expected = [array.astype(np.float16) for array in checkpoint.load(whole)[0].get_weights()]
    found = checkpoint.load(half)[0].get_weights()
    assert all(map(np.array_equal, expected, found))


def test_a_file_that_another_program_writes_is_not_called_damaged(path):
    checkpoint.save(network(), path, RECORD)
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="locked by another program"):
            checkpoint.read(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(path, value):
    model = network()
    model.layers[1].set_weights([np.full_like(array, value)
                                 for array in model.layers[1].get_weights()])
    checkpoint.save(model, path, RECORD, include_optimizer=False)
    with pytest.raises(UserError, match="weights are not all numbers"):
        checkpoint.read(path)


def test_a_flipped_bit_of_the_optimizer_state_is_noticed(tmp_path):
    path = tmp_path / "epoch_2.hdf5"
    checkpoint.save(trained(), path, RECORD)
    with h5py.File(path, "r+") as file:
        file["optimizer_weights/adam/fc1_kernel_momentum"][0, 0] += 1
    with pytest.raises(UserError, match="checksum of its optimizer"):
        checkpoint.restore(network(), path)


@pytest.mark.parametrize("limit", [0, 1000, 100_000, 600_000])
def test_a_file_size_limit_is_one_error_and_not_a_crash(path, limit):
    model = network()
    checkpoint.save(model, path, RECORD)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(UserError, match="cannot be written: File too large"):
            checkpoint.save(model, path, RECORD)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_record_that_nobody_would_read_is_not_written(path):
    with pytest.raises(UserError, match="refused: its record has 1 values of loss, expected 2"):
        checkpoint.save(trained(), path, RECORD | {"history": {"loss": [1.5]}})
    assert not path.exists()
    checkpoint.save(trained(), path, RECORD)
    before = path.read_bytes()
    with pytest.raises(UserError, match="refused: its record has activation_ranges"):
        checkpoint.add_to_record(path, activation_ranges={"activation": [0.0, 1e9]})
    assert path.read_bytes() == before


def test_a_database_of_other_classes_is_told_how_to_be_built():
    record = {"class_names": ["half asleep", "awake"]}
    assert checkpoint.class_indices(record, "best.hdf5", ["awake"], "test.hdf5") == [1]
    with pytest.raises(UserError, match=r"test\.hdf5 has bored; build it with --class-names "
                                        "'half asleep' awake, or with --classes if they are"):
        checkpoint.class_indices(record, "best.hdf5", ["bored"], "test.hdf5")
