"""Writes the samples of a data set to HDF5 databases, one for each split."""

import hashlib
import math
import os
import shutil
from contextlib import ExitStack, contextmanager

import h5py
import numpy as np

from pipeline.files.wholefile import clear_errors, place_of, reserve, whole_file

# Images per chunk: 295 kB at 48 x 48, what one read of HDF5 brings into memory.
CHUNK_IMAGES = 128

DIGEST = "attributes_sha256"

# Bytes for what HDF5 writes between the chunks.
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
    further = {name: np.shape(value) for name, value in values[0].items()}
    places = {split: place_of(folder / f"{split}.hdf5") for split in set(splits) - {None}}
    building = folder / BUILDING
    shutil.rmtree(building, ignore_errors=True)  # of a build that was killed
    with clear_errors(folder):
        building.mkdir()
        try:
            with ExitStack() as stack:
                writers = {split: stack.enter_context(HDF5DatasetWriter.create(
                    building / f"{split}.hdf5", math.isqrt(samples[0].image.size), attributes,
                    further)) for split in places}
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
    """Appends to `images` (N, size, size) uint8 and `labels` (N,) uint8, through a buffer.

    attributes: of the file's root; more may be added until the file is closed. further: {name:
    shape of the values of one image} of more float32 datasets.

    Damage is noticed: the chunks have Fletcher-32 checksums, HDF5's own structures have checksums
    in this version of the format, and the attributes have a digest.
    """

    def __init__(self, file, image_size, attributes=None, further=None,
                 buffer_size=8 * CHUNK_IMAGES):
        self.attributes = dict(attributes or {})
        self.count = 0
        self._file = file
        self._buffers = {
            "images": np.empty((buffer_size, image_size, image_size), dtype=np.uint8),
            "labels": np.empty(buffer_size, dtype=np.uint8),
            **{name: np.empty((buffer_size, *shape), dtype=np.float32)
               for name, shape in (further or {}).items()},
        }
        self._buffered = 0
        for name, buffer in self._buffers.items():
            file.create_dataset(
                name,
                shape=(0, *buffer.shape[1:]),
                maxshape=(None, *buffer.shape[1:]),
                chunks=(CHUNK_IMAGES, *buffer.shape[1:]),
                dtype=buffer.dtype,
                fletcher32=True,
            )

    @classmethod
    @contextmanager
    def create(cls, path, image_size, attributes=None, further=None):
        """Yield a writer for `path`; the file is written whole when the block ends well."""
        with whole_file(path) as partial:
            reserve(partial, ROOM)
            with h5py.File(partial, "w", libver=("v110", "v110")) as file:
                writer = cls(file, image_size, attributes, further)
                yield writer
                writer.flush()
                file.attrs.update(writer.attributes)
                file.attrs[DIGEST] = digest_of_attributes(file.attrs)
                file.flush()
                size = file.id.get_filesize()
            os.truncate(partial, size)  # without the reserve

    def add(self, image, label, **further):
        """Append an image (size * size values 0-255, any shape), its class index and its values."""
        images = self._buffers["images"]
        images[self._buffered] = np.reshape(image, images.shape[1:])
        for name, value in {"labels": label, **further}.items():
            self._buffers[name][self._buffered] = value
        self._buffered += 1
        if self._buffered == len(images):
            self.flush()

    def flush(self):
        """Write the buffer to the file."""
        size = sum(buffer.nbytes for buffer in self._buffers.values())
        reserve(self._file.filename, self._file.id.get_filesize() + size + ROOM)
        start, self.count = self.count, self.count + self._buffered
        for name, buffer in self._buffers.items():
            self._file[name].resize(self.count, axis=0)
            self._file[name][start:] = buffer[: self._buffered]
        self._buffered = 0


def digest_of_attributes(attributes):
    """Return the SHA-256 of attributes; the checksums of HDF5 do not cover their text."""
    described = [(name, np.asarray(attributes[name]).tolist())
                 for name in sorted(attributes) if name != DIGEST]
    return hashlib.sha256(repr(described).encode()).hexdigest()
