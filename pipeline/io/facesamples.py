"""Samples on their way into databases, before it is known which of them gets them."""

import hashlib
import tempfile
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from pipeline.files.wholefile import clear_errors


class FaceSample(NamedTuple):
    """A face and what is known of it.

    image: size * size values uint8. class_name: str. split: "train", "val", "test", or None if
    it is to be drawn. group: what must not be parted, such as a person; None for none.
    """

    image: np.ndarray
    class_name: str
    split: str | None = None
    group: str | None = None


class FaceSamples:
    """Keeps samples: their images in a nameless file in `folder`, the rest in memory.

    class_names, splits, groups: lists, one entry a sample. digests: of their images. Raises
    UserError, with the folder's name, if there is no room in it.
    """

    def __init__(self, folder, image_size):
        self.shape = (image_size, image_size)
        self.class_names, self.splits, self.groups = [], [], []
        self.digests = []
        self._folder = folder
        with clear_errors(folder):
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (open as long as this)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        with suppress(OSError):  # on a full disk it tries once more to write
            self._file.close()

    def __len__(self):
        return len(self.class_names)

    def add(self, sample):
        image = np.ascontiguousarray(sample.image, dtype=np.uint8).tobytes()
        with clear_errors(self._folder):
            self._file.write(image)
        self.digests.append(hashlib.blake2b(image, digest_size=16).digest())
        self.class_names.append(sample.class_name)
        self.splits.append(sample.split)
        self.groups.append(sample.group)

    def images(self):
        """Yield the images (size, size) uint8 in the order in which they were added."""
        with clear_errors(self._folder):  # what waits in a buffer is written
            self._file.seek(0)
        length = self.shape[0] * self.shape[1]
        for _ in range(len(self)):
            yield np.frombuffer(self._file.read(length), dtype=np.uint8).reshape(self.shape)
