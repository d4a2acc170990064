"""Writes images and labels to an HDF5 database."""

import hashlib
import os
from contextlib import contextmanager

import h5py
import numpy as np

from pipeline.files.wholefile import reserve, whole_file

# Images per chunk: 295 kB at 48 x 48, what one read of HDF5 brings into memory.
CHUNK_IMAGES = 128

DIGEST = "attributes_sha256"

# Room for what HDF5 writes between the chunks.
ROOM = 1 << 20


class HDF5DatasetWriter:
    """Appends to `images` (N, size, size) uint8 and `labels` (N,) uint8, through a buffer.

    further: {name: shape of an image's values} of more float32 datasets, one value or array an
    image each.

    Chunks carry Fletcher-32 checksums, this version of HDF5's format has its own for what lies
    between them, and the attributes have a digest, so damage is noticed. `attributes` go to the
    file's root and may be added to until the file is closed.
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
    def create(cls, path, image_size, attributes=None, further=None, together=None):
        """Yield a writer for `path`; the file appears, whole, when the block ends well.

        together: the list of a replaced_together, if it is to appear with others.
        """
        with whole_file(path, together) as partial:
            reserve(partial, ROOM)
            with h5py.File(partial, "w", libver=("v110", "v110")) as file:
                writer = cls(file, image_size, attributes, further)
                yield writer
                writer.flush()
                file.attrs.update(writer.attributes)
                file.attrs[DIGEST] = digest_of_attributes(file.attrs)
                file.flush()
                size = file.id.get_filesize()
            os.truncate(partial, size)  # what was reserved and not used

    def add(self, image, label, **further):
        """Append one image, size * size values 0-255 in any shape, its class index, and more."""
        images = self._buffers["images"]
        images[self._buffered] = np.reshape(image, images.shape[1:])
        for name, value in {"labels": label, **further}.items():
            self._buffers[name][self._buffered] = value
        self._buffered += 1
        if self._buffered == len(images):
            self.flush()

    def flush(self):
        """Write what is buffered to the file."""
        size = sum(buffer.nbytes for buffer in self._buffers.values())
        reserve(self._file.filename, self._file.id.get_filesize() + size + ROOM)
        start, self.count = self.count, self.count + self._buffered
        for name, buffer in self._buffers.items():
            self._file[name].resize(self.count, axis=0)
            self._file[name][start:] = buffer[: self._buffered]
        self._buffered = 0


def digest_of_attributes(attributes):
    """Return the SHA-256 of an HDF5 file's attributes, whose text no checksum of HDF5 covers."""
    described = [(name, np.asarray(attributes[name]).tolist())
                 for name in sorted(attributes) if name != DIGEST]
    return hashlib.sha256(repr(described).encode()).hexdigest()
