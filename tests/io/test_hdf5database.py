import fcntl

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator, also_in
from pipeline.io.hdf5datasetwriter import DIGEST, digest_of_attributes, write_database
from tests.files.test_untrusted import ATTACKS, replace_array

COUNT = 300


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "train.hdf5"
    images = [np.full((48, 48), number % 256) for number in range(COUNT)]
    write_database(path, images, np.arange(COUNT) % 2, {"class_names": ("a", "b")})
    return path


def message(path):
    """Return the one line with which a database is refused."""
    with pytest.raises(UserError) as error, HDF5DatasetGenerator(path, 128) as dataset:
        dataset.require_images_of(48, 48)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    return str(error.value)


def put(path, name, array, **options):
    with h5py.File(path, "r+") as file:
        del file[name]
        chunks = (min(128, len(array)), *array.shape[1:])
        file.create_dataset(name, data=array, **{
            "chunks": chunks, "maxshape": (None, *array.shape[1:]), "fletcher32": True} | options)


def describe(path, **attributes):
    """Set attributes, with the digest that is right for them."""
    with h5py.File(path, "r+") as file:
        for name, value in attributes.items():
            file.attrs[name] = value
        file.attrs[DIGEST] = digest_of_attributes(file.attrs)


LABELS = np.arange(COUNT) % 2
NO_ARRAY = "is no array of uint8"


@pytest.mark.parametrize(
    ("name", "array", "options", "expected"),
    [
        ("images", np.zeros((COUNT, 48, 48), "u1"),
         {"chunks": None, "maxshape": None, "fletcher32": False}, NO_ARRAY),
        ("images", np.zeros((COUNT, 48, 48), "u1"), {"compression": "gzip"}, NO_ARRAY),
        ("images", np.zeros((COUNT, 48, 48), "u1"), {"chunks": (64, 48, 48)}, NO_ARRAY),
        ("images", np.zeros((COUNT, 48, 48), "f4"), {}, NO_ARRAY),
        ("images", np.zeros((COUNT, 48, 32), "u1"), {}, "expected (N, side, side)"),
        ("images", np.zeros((COUNT, 32, 32), "u1"), {}, "images of (32, 32) pixels, expected"),
        ("images", np.zeros((COUNT - 1, 48, 48), "u1"), {}, f"({COUNT},) of {COUNT - 1} images"),
        ("labels", LABELS.astype("f4"), {}, NO_ARRAY),
        ("labels", -LABELS.astype("i1"), {}, NO_ARRAY),
        ("labels", np.full(COUNT, b"a"), {}, NO_ARRAY),
        ("labels", np.zeros((COUNT, 2), "u1"), {}, f"labels ({COUNT}, 2) of {COUNT} images"),
        ("labels", LABELS.astype("u1") + np.uint8(254), {}, "the label 255 for 2 classes"),
    ],
)
def test_arrays_of_another_kind_are_one_line(path, name, array, options, expected):
    put(path, name, array, **options)
    assert expected in message(path)


@pytest.mark.parametrize(
    "names",
    [[1, 2], 5, "ab", [["a", "b"], ["c", "d"]], [f"class {n}" for n in range(1001)], ["a", "a"],
     ["a", "b\x1b[2J"], ["a", ""], ["a", "b" * 65], [], np.array(["a", "b"], "S1")], ids=ascii)
def test_class_names_that_are_none_are_one_line(path, names):
    describe(path, class_names=names)
    message(path)


def test_a_claim_of_more_than_the_file_has_is_one_line(path):
    with h5py.File(path, "r+") as file:
        file["images"].resize(10**7, axis=0)
    assert NO_ARRAY in message(path)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ["images", "labels"])
def test_arrays_that_lead_out_of_the_file_are_one_line(path, tmp_path, name, attack):
    with h5py.File(path, "r+") as file:
        replace_array(file, name, attack, tmp_path / "secret.hdf5")
    message(path)


def test_a_database_that_another_program_writes_is_not_called_damaged(path):
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "locked by another program" in message(path)


def test_a_file_that_may_not_be_read_is_not_called_damaged(path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(h5py, "File", refuse)
    assert message(path) == f"{path}: cannot be read: Permission denied"


def test_images_with_the_very_same_pixels_are_found(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (300, 8, 8), dtype=np.uint8)
    for name, rows in (("a", images[:200]), ("b", images[150:])):
        write_database(tmp_path / name, rows, [0] * len(rows), {"class_names": ["x"]})
    found = also_in(tmp_path / "b", tmp_path / "a")
    assert found.tolist() == [True] * 50 + [False] * 100
