"""The writer and the generator of the HDF5 databases, together."""

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.io.hdf5datasetwriter import write_database
from pipeline.preprocessing.affineaugmentor import AffineAugmentor
from pipeline.preprocessing.pixelaugmentors import Mixup

COUNT = 1500
CLASS_NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Images whose first two pixels are their number."""
    path = tmp_path_factory.mktemp("database") / "train.hdf5"
    numbers = np.arange(COUNT)
    images = np.tile((numbers % 200)[:, None, None], (1, 48, 48))
    images[:, 0, :2] = np.transpose(np.divmod(numbers, 256))
    write_database(path, images, numbers % 3, {"class_names": CLASS_NAMES})
    return path


def generator(path, **options):
    return HDF5DatasetGenerator(path, 128, **options)


def numbers(dataset):
    """Return the numbers of an epoch's images, and check each one's label."""
    found = []
    for index in range(len(dataset)):
        images, labels = dataset[index]
        pixels = np.rint(images[:, 0, :2, 0] * 255).astype(int)
        batch = pixels @ (256, 1)
        assert np.array_equal(labels.argmax(axis=1), batch % 3)
        found += batch.tolist()
    return found


def test_the_writer_keeps_images_labels_and_attributes(database):
    with h5py.File(database) as file:
        assert file["images"].shape == (COUNT, 48, 48)
        assert file["images"].dtype == file["labels"].dtype == np.uint8
        assert tuple(file.attrs["class_names"]) == CLASS_NAMES
        assert np.array_equal(file["labels"], np.arange(COUNT) % 3)


def test_a_failed_writer_leaves_an_older_database(tmp_path, database):
    path = tmp_path / "train.hdf5"
    path.write_bytes(database.read_bytes())
    with pytest.raises(ValueError):
        write_database(path, np.zeros((1, 48, 48)), [0], {}, votes=[["no number"]])
    with pytest.raises(TypeError):
        write_database(path, np.zeros((1, 48, 48)), [0], {"class_names": object()})
    assert path.read_bytes() == database.read_bytes()


def test_batches_have_the_shapes_and_ranges_that_the_network_takes(database):
    with generator(database) as dataset:
        images, labels = dataset[0]
        assert images.shape == (128, 48, 48, 1) and images.dtype == np.float32
        assert labels.shape == (128, 3) and labels.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1
        assert len(dataset) == 12
        assert len(dataset[11][0]) == COUNT - 11 * 128


def test_every_sample_comes_exactly_once_an_epoch(database):
    with generator(database, seed=0) as dataset:
        for epoch in (1, 2):
            dataset.epoch = epoch
            assert sorted(numbers(dataset)) == list(range(COUNT))


def test_without_a_seed_the_order_is_the_files(database):
    with generator(database) as dataset:
        assert numbers(dataset) == list(range(COUNT))


def test_the_order_is_a_function_of_seed_and_epoch(database):
    orders = {}
    for seed, epoch in ((0, 1), (0, 2), (1, 1)):
        with generator(database, seed=seed) as dataset:
            dataset.epoch = epoch
            orders[seed, epoch] = numbers(dataset)
    assert len({tuple(order) for order in orders.values()}) == 3
    with generator(database, seed=0) as dataset:
        dataset.epoch = 2
        assert numbers(dataset) == orders[0, 2]
        dataset.epoch = 1
        assert numbers(dataset) == orders[0, 1]


def test_augmentation_is_a_function_of_seed_and_epoch(database):
    augmentor = AffineAugmentor(horizontal_flip=True, rotation_range=10, zoom_range=0.1)
    with generator(database, seed=0, augmentors=[augmentor]) as dataset:
        dataset.epoch = 3
        first = dataset[1][0]
        dataset[0]
        assert np.array_equal(dataset[1][0], first)
        dataset.epoch = 4
        assert not np.array_equal(dataset[1][0], first)


def test_mixup_is_a_function_of_seed_and_epoch(database):
    mixup = Mixup(alpha=1.0, last_epoch=2)
    with generator(database, seed=0, mixup=mixup) as dataset:
        batches = {}
        for epoch in (1, 2, 3, 1, 2):
            dataset.epoch = epoch
            labels = np.concatenate([dataset[index][1] for index in range(len(dataset))])
            assert np.array_equal(batches.setdefault(epoch, labels), labels)
    assert (batches[1].max(axis=1) < 1).any() and (batches[3].max(axis=1) == 1).all()


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "train.hdf5"
    path.write_text("not HDF5")
    with pytest.raises(UserError, match=r"damaged, or not a database of build_dataset\.py"):
        generator(path)
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((3, 48, 48), np.uint8)
    with pytest.raises(UserError, match=r"not a database of build_dataset\.py"):
        generator(path)


@pytest.mark.parametrize("name", ["targets", "votes"])
def test_targets_and_votes_of_another_number_of_classes_are_refused(tmp_path, name):
    write_database(tmp_path / "x.hdf5", np.zeros((1, 48, 48)), [0], {"class_names": ["a", "b"]},
                   **{name: [[0.4, 0.3, 0.3]]})
    with pytest.raises(UserError, match=rf"{name} \(1, 3\) of 1 images and 2 classes"):
        generator(tmp_path / "x.hdf5")
