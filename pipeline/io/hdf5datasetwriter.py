"""Writes the samples of a data set to HDF5 databases, one for each split."""

import hashlib
import os
import shutil

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


def write_databases(folder, samples, labels, splits, attributes, further=None):
    """Write SPLIT.hdf5 for each split, all of them or none.

    samples: FaceSamples. labels, splits: (N,); samples whose split is None are left out.
    attributes: of each file's root. further: {name: (N, ...) float32}, more arrays. The older
    databases are removed before the first new one takes its place, so a build that is killed
    leaves databases of one build, at worst not all of them.
    """
    places = {split: place_of(folder / f"{split}.hdf5") for split in set(splits) - {None}}
    building = folder / BUILDING
    shutil.rmtree(building, ignore_errors=True)  # of a build that was killed
    with clear_errors(folder):
        building.mkdir()
        try:
            for split in places:
                rows = [row for row, other in enumerate(splits) if other == split]
                write_database(
                    building / f"{split}.hdf5", [samples[row].image for row in rows],
                    [labels[row] for row in rows], attributes,
                    **{name: array[rows] for name, array in (further or {}).items()})
            for place in places.values():
                place.unlink(missing_ok=True)
            for split, place in places.items():
                shutil.move(building / f"{split}.hdf5", place)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def write_database(path, images, labels, attributes, **further):
    """Write `images` (N, size, size), `labels` (N,) and further float32 arrays, or nothing.

    Damage to the file is noticed: the chunks have Fletcher-32 checksums, HDF5's own structures
    have checksums in this version of the format, and the attributes have a digest.
    """
    arrays = {"images": np.array(images, dtype=np.uint8), "labels": np.array(labels, np.uint8),
              **{name: np.array(values, dtype=np.float32) for name, values in further.items()}}
    with whole_file(path) as partial:
        reserve(partial, ROOM + sum(array.nbytes + CHUNK_IMAGES * array[:1].nbytes
                                    for array in arrays.values()))
        with h5py.File(partial, "w", libver=("v110", "v110")) as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array, maxshape=(None, *array.shape[1:]),
                                    chunks=(CHUNK_IMAGES, *array.shape[1:]), fletcher32=True)
            file.attrs.update(attributes)
            file.attrs[DIGEST] = digest_of_attributes(file.attrs)
            file.flush()
            size = file.id.get_filesize()
        os.truncate(partial, size)  # without the reserve


def digest_of_attributes(attributes):
    """Return the SHA-256 of attributes; the checksums of HDF5 do not cover their text."""
    described = [(name, np.asarray(attributes[name]).tolist())
                 for name in sorted(attributes) if name != DIGEST]
    return hashlib.sha256(repr(described).encode()).hexdigest()
