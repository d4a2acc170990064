"""Writes the samples of a data set to HDF5 databases, one for each split."""

import hashlib
import math
import os
import shutil
from contextlib import ExitStack, contextmanager

import h5py
import numpy as np

from pipeline.files.wholefile import clear_errors, place_of, reserve, whole_file

# Images per chunk: 295 kB at 48 x 48.
CHUNK_IMAGES = 128

DIGEST = "attributes_sha256"

# Bytes that HDF5 writes beside the chunks, at most.
ROOM = 1 << 20

# Where a build writes its databases until all are complete.
BUILDING = ".building"


def write_databases(folder, samples, labels, splits, attributes, values=None):
    """Write SPLIT.hdf5 for each split, all of them or none.

    samples: FaceSamples. labels, splits: (N,); samples whose split is None are left out.
    attributes: of each file's root. values: (N,) dicts, the `further` of HDF5DatasetWriter.add.
    The older databases are removed before the first new one takes its place, so a build that is
    killed leaves databases of one build, at worst not all of them.
    """
    values = values or [{}] * len(samples)
    places = {split: place_of(folder / f"{split}.hdf5") for split in set(splits) - {None}}
    building = folder / BUILDING
    shutil.rmtree(building, ignore_errors=True)  # of a build that was killed
    with clear_errors(folder):
        building.mkdir()
        try:
            with ExitStack() as stack:
                writers = {split: stack.enter_context(HDF5DatasetWriter.create(
                    building / f"{split}.hdf5", math.isqrt(samples[0].image.size), attributes))
                    for split in places}
                for sample, label, split, more in zip(samples, labels, splits, values):
                    if split:
                        writers[split].add(sample.image, label, **more)
            for place in places.values():
                place.unlink(missing_ok=True)
            for split, place in places.items():
                shutil.move(building / f"{split}.hdf5", place)
        finally:
            shutil.rmtree(building, ignore_errors=True)


class HDF5DatasetWriter:
    """Collects `images` (N, size, size) uint8, `labels` (N,) uint8 and further float32 arrays.

    Damage to the file is noticed: the chunks have Fletcher-32 checksums, HDF5's own structures
    have checksums in this version of the format, and the attributes have a digest.
    """

    def __init__(self, image_size):
        self._shape = (image_size, image_size)
        self._images, self._labels, self._further = [], [], {}

    @classmethod
    @contextmanager
    def create(cls, path, image_size, attributes=None):
        """Yield a writer; the file at `path` is written whole when the block ends well.

        attributes: of the file's root.
        """
        with whole_file(path) as partial:
            writer = cls(image_size)
            yield writer
            writer._write(partial, attributes or {})

    def add(self, image, label, **further):
        """Append an image (size * size values 0-255, any shape), its class index and its values."""
        self._images.append(np.asarray(image, dtype=np.uint8).reshape(self._shape))
        self._labels.append(label)
        for name, value in further.items():
            self._further.setdefault(name, []).append(value)

    def _write(self, path, attributes):
        arrays = {"images": np.array(self._images, dtype=np.uint8).reshape(-1, *self._shape),
                  "labels": np.array(self._labels, dtype=np.uint8),
                  **{name: np.array(values, dtype=np.float32)
                     for name, values in self._further.items()}}
        chunks = {name: (CHUNK_IMAGES, *array.shape[1:]) for name, array in arrays.items()}
        reserve(path, ROOM + sum(array.nbytes + math.prod(chunks[name]) * array.itemsize
                                 for name, array in arrays.items()))
        with h5py.File(path, "w", libver=("v110", "v110")) as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array, maxshape=(None, *array.shape[1:]),
                                    chunks=chunks[name], fletcher32=True)
            file.attrs.update(attributes)
            file.attrs[DIGEST] = digest_of_attributes(file.attrs)
            file.flush()
            size = file.id.get_filesize()
        os.truncate(path, size)  # without the reserve


def digest_of_attributes(attributes):
    """Return the SHA-256 of attributes; the checksums of HDF5 do not cover their text."""
    described = [(name, np.asarray(attributes[name]).tolist())
                 for name in sorted(attributes) if name != DIGEST]
    return hashlib.sha256(repr(described).encode()).hexdigest()
