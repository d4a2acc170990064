"""Reads the batches of a training or an evaluation from an HDF5 database."""

import hashlib

import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io.hdf5database import EXPECTED, open_database


class HDF5DatasetGenerator(keras.utils.PyDataset):
    """Batches of (images (N, size, size, 1) float32, labels (N, classes) float32).

    The labels are rows of `targets`: those of the database if it has some, else one-hot vectors; a
    training may replace them. `votes` (N, classes) float32, the shares of FER+'s votes, or None.
    Every sample comes exactly once an epoch, so the last batch may be shorter. With a `seed` the
    order is drawn for each `epoch`, which is counted from 1 and set by the training; without one
    it is the order of the file. Each of `augmentors` changes the images in turn, then `mixup`
    mixes samples; their random numbers depend on (seed, epoch, index) alone. The database is in
    memory until the end of the `with` block: FER2013 takes 66 MB. Raises UserError if the file is
    no such database.
    """

    def __init__(self, path, batch_size, *, preprocessor, augmentors=(), mixup=None, seed=None):
        super().__init__()
        self.path = path
        self.batch_size = batch_size
        self.preprocessor = preprocessor
        self.augmentors = augmentors
        self.mixup = mixup
        self.shuffle = seed is not None
        self.seed = seed or 0
        self.epoch = 1
        self._planned_epoch = None
        with open_database(path) as (arrays, attributes), reading(path, EXPECTED):
            arrays = {name: array[:] for name, array in arrays.items()}
        self._images, self.labels = arrays["images"], arrays["labels"]
        self.targets, self.votes = arrays.get("targets"), arrays.get("votes")
        self.attributes = attributes
        self.class_names = tuple(attributes["class_names"])
        self.ferplus_share = attributes.get("ferplus_share")
        self.num_images = len(self.labels)
        if self.targets is None:
            self.targets = np.eye(len(self.class_names), dtype=np.float32)[self.labels]
        elif not is_distribution(self.targets, self.labels, len(self.class_names)):
            raise UserError(f"{path}: its targets are no shares of {len(self.class_names)} classes "
                            "with the labels as peaks; run build_dataset.py again")
        if self.votes is not None and not are_shares(self.votes, self.targets.shape):
            raise UserError(f"{path}: its votes are no shares of {len(self.class_names)} classes; "
                            "run build_dataset.py again")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._images = None

    def __len__(self):
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index):
        """Return batch `index` (from 0) of the epoch."""
        if self._planned_epoch != self.epoch:
            self._order = np.arange(self.num_images)
            if self.shuffle:
                self._order = np.random.default_rng((self.seed, self.epoch)).permutation(
                    self._order)
            self._planned_epoch = self.epoch
        rows = self._order[index * self.batch_size:(index + 1) * self.batch_size]
        images, labels = self._images[rows], self.targets[rows]
        random = np.random.default_rng((self.seed, self.epoch, index))
        for augmentor in self.augmentors:
            images = augmentor.augment(images, random)
        images = self.preprocessor.preprocess(images)
        if self.mixup:
            images, labels = self.mixup.mix(images, labels, self.epoch, random)
        return images, labels

    def sample(self, count):
        """Return up to `count` unchanged images from all over the database, (N, ...) float32."""
        rows = np.unique(np.linspace(0, self.num_images - 1, count).astype(int))
        return self.preprocessor.preprocess(self._images[rows])

    def digest(self):
        """Return the SHA-256 of the class names, targets and images: equal for equal data."""
        digest = hashlib.sha256(",".join(self.class_names).encode() + self.targets.tobytes())
        digest.update(self._images)
        return digest.hexdigest()

    def require_images_of(self, height, width):
        """Raise UserError if the images have another size, in pixels."""
        if self._images.shape[1:] != (height, width):
            raise UserError(f"{self.path}: has images of {self._images.shape[1:]} pixels, expected "
                            f"{(height, width)}; run build_dataset.py again")


def is_distribution(targets, labels, classes):
    """Return whether the targets are probabilities of the classes, largest at the labels."""
    return (are_shares(targets, (len(labels), classes))
            and np.allclose(targets.sum(axis=1), 1, atol=1e-5)
            and np.array_equal(targets.argmax(axis=1), labels))


def are_shares(rows, shape):
    """Return whether rows are float32, not negative, of this shape, and sum up to 1 at most."""
    return (rows.shape == shape and rows.dtype == np.float32 and rows.min() >= 0
            and rows.sum(axis=1).max() <= 1 + 1e-5)
