"""Feeds a network from an HDF5 database."""

import h5py
import keras
import numpy as np

from pipeline.errors import UserError

# Windows of a streamed database held at a time: a batch may lie across two.
WINDOWS_HELD = 2


class HDF5DatasetGenerator(keras.utils.PyDataset):
    """Batches of (images (N, size, size, 1) float32, one-hot labels (N, classes) float32).

    Every sample comes exactly once an epoch; the last batch is short where it has to be. With
    `shuffle` the order is drawn anew from (seed, epoch); `epoch`, counted from 1, is set by
    the training. A database of at most `memory_limit` bytes is read once. A larger one is
    streamed through windows: each holds chunks from all over the file, shuffled together.
    Raises UserError if the file is not such a database.
    """

    def __init__(self, path, batch_size, *, preprocessor, augmentor=None, shuffle=False, seed=0,
                 memory_limit):
        super().__init__()
        self.path = path
        self.batch_size = batch_size
        self.preprocessor = preprocessor
        self.augmentor = augmentor
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 1
        self._file = open_database(path)
        self._images = self._file["images"]
        self.labels = self._file["labels"][:]
        self.class_names = tuple(self._file.attrs["class_names"])
        self.num_images = len(self.labels)
        self._num_windows = self._count_windows(memory_limit)
        self._windows = {}
        self._planned_epoch = None

    def __len__(self):
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index):
        """Return batch `index` (from 0) of the epoch."""
        images, labels = self._read(index)
        if self.augmentor:
            random = np.random.default_rng((self.seed, self.epoch, index))
            images = self.augmentor.augment(images, random)
        one_hot = np.eye(len(self.class_names), dtype=np.float32)
        return self.preprocessor.preprocess(images), one_hot[labels]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()

    def _count_windows(self, memory_limit):
        size = self._images.size * self._images.dtype.itemsize
        return 1 if size <= memory_limit else -(-size * WINDOWS_HELD // memory_limit)

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
        return images, self.labels[self._order[start:end]]

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
            for start, end in zip(starts, ends):
                images[row:row + end - start] = self._images[start:end]
                row += end - start
            self._windows[key] = positions, images
        return self._windows[key]


def open_database(path):
    """Return the open h5py.File of a database; raise UserError if it is not one."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise UserError(f"{path}: not a readable HDF5 file; run build_dataset.py") from error
    images, labels = file.get("images"), file.get("labels")
    if images is None or labels is None or "class_names" not in file.attrs:
        raise UserError(f"{path}: not a database of build_dataset.py; run it again")
    if not 0 < len(images) == len(labels):
        raise UserError(f"{path}: {len(images)} images and {len(labels)} labels; "
                        "run build_dataset.py again")
    return file
