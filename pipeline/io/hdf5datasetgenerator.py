"""Reads HDF5 databases, which may come from strangers, and makes batches of them."""

import hashlib

import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io.facesamples import LONGEST_NAME
from pipeline.io.hdf5datasetwriter import CHUNK_IMAGES, DIGEST, digest_of_attributes
from pipeline.io.plainhdf5 import opened_hdf5
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

EXPECTED = "a database of build_dataset.py"
ARRAYS = {"images": "uint8", "labels": "uint8", "targets": "float32", "votes": "float32"}
MOST_CLASSES = 1000


class HDF5DatasetGenerator(keras.utils.PyDataset):
    """Batches of (images (N, size, size, 1) float32, labels (N, classes) float32).

    The labels are rows of `targets`, those of the database or one-hot vectors. `votes` (N, classes)
    float32: the shares of FER+'s votes, or None. Every sample comes exactly once an epoch, so the
    last batch may be shorter. With a `seed` the order is drawn for each `epoch`, counted from 1 and
    set by the training; without one it is the file's. `augmentors` change the images, then `mixup`
    mixes samples; their random numbers depend on (seed, epoch, index) alone. The database is in
    memory, 66 MB for FER2013, until the `with` block ends. Raises UserError as read_database does.
    """

    def __init__(self, path, batch_size, *, augmentors=(), mixup=None, seed=None):
        super().__init__()
        self.path = path
        self.batch_size = batch_size
        self.augmentors = augmentors
        self.mixup = mixup
        self.shuffle = seed is not None
        self.seed = seed or 0
        self.epoch = 1
        self._planned_epoch = None
        arrays, self.attributes = read_database(path)
        self._images, self.labels = arrays["images"], arrays["labels"]
        self.class_names = tuple(self.attributes["class_names"])
        self.ferplus_share = self.attributes.get("ferplus_share")
        self.num_images = len(self.labels)
        self.votes, self.targets = arrays.get("votes"), arrays.get("targets")
        if self.targets is None:
            self.targets = np.eye(len(self.class_names), dtype=np.float32)[self.labels]

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
        images = ImageToArrayPreprocessor().preprocess(images)
        if self.mixup:
            images, labels = self.mixup.mix(images, labels, self.epoch, random)
        return images, labels

    def sample(self, count):
        """Return up to `count` unchanged images from all over the database, (N, ...) float32."""
        rows = np.unique(np.linspace(0, self.num_images - 1, count).astype(int))
        return ImageToArrayPreprocessor().preprocess(self._images[rows])

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


def read_database(path):
    """Return ({name: array}, {name: value}), the arrays and the attributes of a database.

    The arrays are images (N, side, side) uint8, labels (N,) uint8, and targets and votes
    (N, classes) float32 if the file has them; the attributes have class_names, a list of str.
    Raises UserError if the file is no such database, or damaged.
    """
    with reading(path, EXPECTED), opened_hdf5(path) as plain:
        if not (plain.has("images") and plain.has("labels")):
            raise UserError(f"{path}: not {EXPECTED}: it has no images and labels")
        attributes = plain.attributes()
        arrays = {name: plain.chunked(name, dtype, CHUNK_IMAGES)[:]
                  for name, dtype in ARRAYS.items() if plain.has(name)}
    problem = _problem(arrays, attributes)
    if problem:
        raise UserError(f"{path}: damaged, or not {EXPECTED}: {problem}; run it again")
    return arrays, attributes


def _problem(arrays, attributes):
    """Return what is wrong with the arrays and attributes of a database, or None."""
    images, labels, names = arrays["images"], arrays["labels"], attributes.get("class_names")
    if attributes.get(DIGEST) != digest_of_attributes(attributes):
        return "the attributes do not fit their checksum"
    if images.ndim != 3 or images.shape[1] != images.shape[2] or not images.size:
        return f"images {images.shape}, expected (N, side, side)"
    if labels.shape != images.shape[:1]:
        return f"labels {labels.shape} of {len(images)} images"
    if not (isinstance(names, list) and 1 <= len(set(names)) == len(names) <= MOST_CLASSES
            and all(isinstance(name, str) and name.isprintable() and 1 <= len(name) <= LONGEST_NAME
                    for name in names)):
        return f"no class names, expected 1 to {MOST_CLASSES:,} different ones"
    if labels.max() >= len(names):
        return f"the label {labels.max()} for {len(names)} classes"
    for name in arrays.keys() & {"targets", "votes"}:
        if arrays[name].shape != (len(labels), len(names)):
            return f"{name} {arrays[name].shape} of {len(labels)} images and {len(names)} classes"
    return None


def also_in(path, other):
    """Return (N,) bool: which images of database `path` are in database `other`, pixel by pixel."""
    known = {image.tobytes() for image in read_database(other)[0]["images"]}
    return np.array([image.tobytes() in known for image in read_database(path)[0]["images"]])
