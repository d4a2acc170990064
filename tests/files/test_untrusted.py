"""Damaged and hostile files: refused before anything of them is used."""

import json
import sys

import h5py
import keras
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.io.hdf5datasetwriter import write_database
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from tests.conftest import fails_with, record_of

NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1}
RECORD = record_of(NETWORK)
FLIPS = 60


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "model.hdf5"
    checkpoint.save(EmotionVGGNet.build(**NETWORK), path, RECORD, include_optimizer=False)
    return path


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "train.hdf5"
    images = np.random.default_rng(0).integers(0, 256, (200, 48, 48), dtype=np.uint8)
    write_database(path, images, images[:, 0, 0] % 2, {"class_names": ("a", "b")})
    return path


def test_a_fault_of_our_own_is_no_damage(monkeypatch, database):
    monkeypatch.setattr("pipeline.io.hdf5datasetgenerator.ARRAYS", None)
    with pytest.raises(AttributeError):
        read_database(database)


@pytest.mark.parametrize("error", [ValueError("x"), OSError("x"), RuntimeError("x")])
def test_what_a_library_raises_is_damage(error):
    with pytest.raises(UserError, match=r"^a\.b: damaged, or not a file \(x\)$"), \
            reading("a.b", "a file"):
        raise error


def read_database(path):
    with HDF5DatasetGenerator(path, 128) as dataset:
        return [dataset.class_names, *[array.tobytes() for batch in dataset for array in batch]]


def read_model(path):
    model, record = checkpoint.load(path)
    return [record, *[np.array(weight).tobytes() for weight in model.weights]]


def flipped(content, random):
    damaged = bytearray(content)
    damaged[random.integers(len(damaged))] ^= 1 << random.integers(8)
    return bytes(damaged)


def never_read_in_silence(path, read):
    """Flip single bits: the file is refused, or reads as before (the bit meant nothing)."""
    content, expected, refused = path.read_bytes(), read(path), 0
    random = np.random.default_rng(0)
    for _ in range(FLIPS):
        path.write_bytes(flipped(content, random))
        try:
            assert read(path) == expected
        except UserError as error:
            assert str(path) in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > FLIPS / 2


def test_a_flipped_bit_of_a_model_is_noticed(model_file):
    never_read_in_silence(model_file, read_model)


def test_a_flipped_bit_of_a_database_is_noticed(database):
    never_read_in_silence(database, read_database)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_truncated_files_are_noticed(model_file, database, share):
    for path, read in ((model_file, read_model), (database, read_database)):
        path.write_bytes(path.read_bytes()[:int(share * path.stat().st_size)])
        with pytest.raises(UserError, match="damaged"):
            read(path)


def payload_model(tmp_path):
    """Return a network that writes a file when it runs, and that file's path."""
    proof = tmp_path / "the payload ran"
    model = keras.Sequential([
        keras.Input((8, 8, 1)), keras.layers.Flatten(),
        keras.layers.Lambda(lambda x, proof=str(proof): (open(proof, "w").close(), x)[1]),
        keras.layers.Dense(2)])
    proof.unlink(missing_ok=True)
    return model, proof


@pytest.mark.parametrize("with_record", [True, False])
def test_a_lambda_with_code_never_runs(tmp_path, with_record):
    model, proof = payload_model(tmp_path)
    path = tmp_path / "model.hdf5"
    model.save(path)
    proof.unlink(missing_ok=True)
    if with_record:
        with h5py.File(path, "r+") as file:
            file[checkpoint.RECORD] = np.bytes_(json.dumps(RECORD))
    line = fails_with("emotion_detector.py", "--no-display", "--image", "samples/faces.jpg",
                      "--model", path)
    assert str(path) in line
    assert not proof.exists()


def test_a_custom_class_path_is_not_imported(model_file, tmp_path, monkeypatch):
    proof = tmp_path / "imported"
    (tmp_path / "hostile_module.py").write_text(f"open({str(proof)!r}, 'w')\nclass Layer: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = read_model(model_file)
    with h5py.File(model_file, "r+") as file:
        config = file.attrs["model_config"].replace("keras.layers", "hostile_module")
        file.attrs["model_config"] = config
    # What a configuration says is never looked at, so it does no harm.
    assert read_model(model_file) == before
    assert not proof.exists() and "hostile_module" not in sys.modules


def replace_array(file, name, attack, secret):
    """Put in the place of an array one that leads out of the file, or is larger than it."""
    shape, dtype = file[name].shape, file[name].dtype
    with h5py.File(secret, "w") as other:
        other["array"] = np.zeros(shape, dtype)
    file.move(name, "moved")
    if attack == "external link":
        file[name] = h5py.ExternalLink(str(secret), "array")
    elif attack == "soft link":
        file[name] = h5py.SoftLink("/moved")
    elif attack == "external storage":
        file.create_dataset(name, shape, dtype, external=str(secret))
    elif attack == "virtual":
        layout = h5py.VirtualLayout(shape, dtype)
        layout[...] = h5py.VirtualSource(str(secret), "array", shape)
        file.create_virtual_dataset(name, layout)
    elif attack == "another type":
        file[name] = file["moved"].astype("f8")[:]
    elif attack == "another shape":
        file[name] = np.zeros((*shape, 2), dtype)
    elif attack == "never written":
        file.create_dataset(name, shape, dtype)
    else:
        file.create_dataset(name, (10**6, 10**6), "f4", chunks=(128, 128))


ATTACKS = ["bomb", "external link", "soft link", "external storage", "virtual", "another type",
           "another shape", "never written"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_model_with_an_array_elsewhere_or_of_another_kind_is_refused(tmp_path, attack):
    path = tmp_path / "model.hdf5"
    checkpoint.save(EmotionVGGNet.build(**NETWORK), path, RECORD, include_optimizer=False)
    with h5py.File(path, "r+") as file:
        replace_array(file, "model_weights/fc1/fc1/kernel", attack, tmp_path / "secret.hdf5")
    with pytest.raises(UserError, match="damaged, or not a model file"):
        read_model(path)
