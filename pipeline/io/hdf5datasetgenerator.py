"""Feeds a network from an HDF5 database."""

import hashlib
from contextlib import ExitStack

import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io.hdf5database import EXPECTED, open_database

# Windows of a streamed database held at a time: a batch may lie across two.
WINDOWS_HELD = 2


class HDF5DatasetGenerator(keras.utils.PyDataset):
    """Batches of (images (N, size, size, 1) float32, labels (N, classes) float32).

    The labels are rows of `targets`: the database's, where it has some, else one-hot, unless a
    training changes them. `votes` (N, classes) float32, the share of FER+'s votes that each class
    has, are the database's or None. Every sample comes exactly once an epoch; the last batch is
    short where it has to be. With `shuffle` the order is drawn anew from (seed, epoch); `epoch`,
    counted from 1, is set by the training. Each of `augmentors` varies the images in turn, then
    `mixup` mixes samples; what they draw is a function of (seed, epoch, index). A database of at
    most `memory_limit` bytes is read once. A larger one is streamed through windows: each holds
    chunks from all over the file, shuffled together. Raises UserError if the file is not such a
    database.
    """

    def __init__(self, path, batch_size, *, preprocessor, augmentors=(), mixup=None,
                 shuffle=False, seed=0, memory_limit):
        super().__init__()
        self.path = path
        self.batch_size = batch_size
        self.preprocessor = preprocessor
        self.augmentors = augmentors
        self.mixup = mixup
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 1
        self._stack = ExitStack()
        arrays, attributes = self._stack.enter_context(open_database(path))
        self._images = arrays["images"]
        with reading(path, EXPECTED):
            self.labels = arrays["labels"][:]
            self.targets = arrays["targets"][:] if "targets" in arrays else None
            self.votes = arrays["votes"][:] if "votes" in arrays else None
        self.class_names = tuple(attributes["class_names"])
        self.attributes = attributes
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
        self._num_windows = self._count_windows(memory_limit)
        self._windows = {}
        self._planned_epoch = None

    def __len__(self):
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index):
        """Return batch `index` (from 0) of the epoch."""
        images, labels = self._read(index)
        random = np.random.default_rng((self.seed, self.epoch, index))
        for augmentor in self.augmentors:
            images = augmentor.augment(images, random)
        images = self.preprocessor.preprocess(images)
        if self.mixup:
            images, labels = self.mixup.mix(images, labels, self.epoch, random)
        return images, labels

    def sample(self, count):
        """Return images from all over the database as they stand, (count at most, ...) float32."""
        positions = np.unique(np.linspace(0, self.num_images - 1, count).astype(int))
        with reading(self.path, EXPECTED):
            return self.preprocessor.preprocess(self._images[positions])

    def digest(self):
        """Return the SHA-256 of what can be learned from, whatever file of it this is."""
        digest = hashlib.sha256(",".join(self.class_names).encode() + self.targets.tobytes())
        step = self._images.chunks[0]
        with reading(self.path, EXPECTED):
            for start in range(0, self.num_images, step):
                digest.update(self._images[start:start + step].tobytes())
        return digest.hexdigest()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def require_images_of(self, height, width):
        """Raise UserError if the images have another size, in pixels."""
        if self._images.shape[1:] != (height, width):
            raise UserError(f"{self.path}: has images of {self._images.shape[1:]} pixels, expected "
                            f"{(height, width)}; run build_dataset.py again")

    def _count_windows(self, memory_limit):
        size = self._images.size * self._images.dtype.itemsize
        chunks = -(-self.num_images // self._images.chunks[0])
        return 1 if size <= memory_limit else min(chunks, -(-size * WINDOWS_HELD // memory_limit))

    def _plan(self):
        """Draw the epoch's order: which chunks make up each window, and their samples' order."""
        random = np.random.default_rng((self.seed, self.epoch))
        chunk = self._images.chunks[0]
        starts = np.arange(0, self.num_images, chunk)
        if self.shuffle and self._num_windows > 1:
            random.shuffle(starts)
        self._window_starts = np.array_split(starts, self._num_windows)
        order = []
        for starts in self._window_starts:
            positions = (np.sort(starts)[:, np.newaxis] + np.arange(chunk)).ravel()
            positions = positions[positions < self.num_images]
            order.append(random.permutation(positions) if self.shuffle else positions)
        self._window_ends = np.cumsum([len(positions) for positions in order])
        self._order = np.concatenate(order)
        self._planned_epoch = self.epoch

    def _read(self, index):
        """Return the images and labels of a batch, before augmentation."""
        if self._planned_epoch != self.epoch:
            self._plan()
        start = index * self.batch_size
        end = min(start + self.batch_size, self.num_images)
        images = np.empty((end - start, *self._images.shape[1:]), dtype=self._images.dtype)
        filled = start
        while filled < end:
            window = np.searchsorted(self._window_ends, filled, side="right")
            stop = min(end, self._window_ends[window])
            positions, window_images = self._window(window)
            rows = np.searchsorted(positions, self._order[filled:stop])
            images[filled - start:stop - start] = window_images[rows]
            filled = stop
        return images, self.targets[self._order[start:end]]

    def _window(self, window):
        """Return the sorted positions (M,) of a window and their images, read if not at hand."""
        starts = np.sort(self._window_starts[window])
        key = starts.tobytes()
        if key not in self._windows:
            while len(self._windows) >= WINDOWS_HELD:
                del self._windows[next(iter(self._windows))]
            chunk = self._images.chunks[0]
            ends = np.minimum(starts + chunk, self.num_images)
            positions = np.concatenate([np.arange(*span) for span in zip(starts, ends)])
            images = np.empty((len(positions), *self._images.shape[1:]), self._images.dtype)
            row = 0
            with reading(self.path, EXPECTED):
                for start, end in zip(starts, ends):
                    images[row:row + end - start] = self._images[start:end]
                    row += end - start
            self._windows[key] = positions, images
        return self._windows[key]


def is_distribution(targets, labels, classes):
    """Return whether rows of targets are probabilities of classes, with the labels as peaks."""
    return (are_shares(targets, (len(labels), classes))
            and np.allclose(targets.sum(axis=1), 1, atol=1e-5)
            and np.array_equal(targets.argmax(axis=1), labels))


def are_shares(rows, shape):
    """Return whether it is a float32 array of a shape whose rows sum up to 1 at most."""
    return (rows.shape == shape and rows.dtype == np.float32 and rows.min() >= 0
            and rows.sum(axis=1).max() <= 1 + 1e-5)
