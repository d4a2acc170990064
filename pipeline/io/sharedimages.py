"""Finds images that stand in two databases."""

import hashlib

import numpy as np

from pipeline.files.untrusted import reading
from pipeline.io.hdf5database import EXPECTED, open_database


def also_in(path, other):
    """Return (N,) bool: which images of database `path` have the very pixels of one of `other`.

    Images are compared by the hash of their pixels, a chunk in memory at a time.
    """
    known = set(_digests(other))
    return np.array([digest in known for digest in _digests(path)])


def _digests(path):
    with open_database(path) as (arrays, _), reading(path, EXPECTED):
        images = arrays["images"]
        step = images.chunks[0]
        for start in range(0, len(images), step):
            for image in images[start:start + step]:
                yield hashlib.sha256(image.tobytes()).digest()
