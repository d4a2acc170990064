"""Opens and compares the HDF5 databases of build_dataset.py, which may come from strangers."""

import hashlib
from contextlib import contextmanager

import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io.hdf5datasetwriter import CHUNK_IMAGES, DIGEST, digest_of_attributes
from pipeline.io.plainhdf5 import opened_hdf5

EXPECTED = "a database of build_dataset.py"
ARRAYS = {"images": "uint8", "labels": "uint8", "targets": "float32", "votes": "float32"}
LARGEST_SIDE = 256  # pixels of an image
MOST_CLASSES = 1000


@contextmanager
def open_database(path):
    """Yield ({name: h5py.Dataset}, {name: value}), the arrays and the attributes of a database.

    The arrays are images (N, side, side) uint8, labels (N,) uint8, and those of ARRAYS that the
    file has besides, N rows each; the attributes have class_names, a list of str. Raises
    UserError if the file is no such database, or damaged.
    """
    with reading(path, EXPECTED), opened_hdf5(path) as plain:
        for name in ("images", "labels"):
            if not plain.has(name):
                raise UserError(f"{path}: not {EXPECTED}: it has no {name}; run it again")
        attributes = plain.attributes()
        if attributes.get(DIGEST) != digest_of_attributes(attributes):
            raise UserError(f"{path}: damaged: its attributes do not fit their checksum; run "
                            "build_dataset.py again")
        arrays = {name: plain.chunked(name, dtype, CHUNK_IMAGES)
                  for name, dtype in ARRAYS.items() if plain.has(name)}
        for problem in _problems(arrays, attributes):
            raise UserError(f"{path}: {problem}; run build_dataset.py again")
        yield arrays, attributes


def _problems(arrays, attributes):
    """Yield what is wrong with the arrays and attributes of a database, as text."""
    shape, names = arrays["images"].shape, attributes.get("class_names")
    if len(shape) != 3 or shape[1] != shape[2] or not 1 <= shape[1] <= LARGEST_SIDE:
        yield f"holds images {shape}, expected (N, side, side)"
    if arrays["labels"].ndim != 1 or any(array.shape[0] != shape[0] for array in arrays.values()):
        yield f"holds {shape[0]} images and labels {arrays['labels'].shape}, expected one each"
    if not shape[0]:
        yield "holds no image"
    if (not isinstance(names, list) or not 1 <= len(names) <= MOST_CLASSES
            or not all(isinstance(name, str) and 1 <= len(name) <= 64 and name.isprintable()
                       for name in names)
            or len(set(names)) != len(names)):
        yield f"has no class names, expected 1 to {MOST_CLASSES:,} different ones"
    largest = max(int(np.max(labels)) for labels in _pieces(arrays["labels"]))
    if largest >= len(names):
        yield f"has the label {largest} for {len(names)} classes"


def also_in(path, other):
    """Return (N,) bool: which images of database `path` are in database `other`, pixel by pixel.

    Images are compared by the SHA-256 of their pixels, a chunk in memory at a time.
    """
    known = set(_digests(other))
    return np.array([digest in known for digest in _digests(path)])


def _digests(path):
    with open_database(path) as (arrays, _), reading(path, EXPECTED):
        for images in _pieces(arrays["images"], CHUNK_IMAGES):
            yield from (hashlib.sha256(image.tobytes()).digest() for image in images)


def _pieces(array, rows=1 << 20):
    for start in range(0, len(array), rows):
        yield array[start:start + rows]
