"""HDF5 files that are well formed and mean harm: models and databases."""

import json
import zlib

import h5py
import numpy as np

from pipeline.io import checkpoint
from pipeline.io.hdf5datasetwriter import DIGEST, digest_of_attributes
from pipeline.nn.graph import layers_of
from tests.torture.hostilerecords import large_record, wrong_record, wrong_text


def array_names(record):
    return [f"model_weights/{layer.name}/{layer.name}/{array}"
            for layer in layers_of(record["graph"]) for array in layer.arrays]


def sign(file, record, text=None):
    """Give a model file a record with the checksum of what the file holds, as far as it can be."""
    arrays = [file[name][()] for name in array_names(json.loads(file[checkpoint.RECORD][()]))]
    checksums = {"weights": checkpoint.digest_of(arrays, record)}
    del file[checkpoint.RECORD]
    file[checkpoint.RECORD] = np.bytes_(
        json.dumps({**record, "checksums": checksums}) if text is None else text)


def replace(file, name, random, secret):
    """Put in the place of an array something else, mostly of the same shape; return what."""
    shape = getattr(file[name], "shape", (4,))
    dtype = getattr(file[name], "dtype", np.dtype("u1"))
    if h5py.check_string_dtype(dtype):
        dtype = np.dtype("u1")
    file.move(name, "moved")
    chunks = tuple(min(side, 4) for side in shape) or None
    kind = ("external link", "soft link", "loop", "external storage", "virtual", "bomb", "deflated",
            "float64", "big-endian", "strings", "sequences", "compound", "group", "larger",
            "empty", "never written", "compact", "hard link to a group")[random.integers(18)]
    if kind == "external link":
        file[name] = h5py.ExternalLink(str(secret), "array")
    elif kind in ("soft link", "loop"):
        file[name] = h5py.SoftLink("/moved" if kind == "soft link" else f"/{name}")
    elif kind == "external storage":
        file.create_dataset(name, shape or (1,), dtype, external=str(secret))
    elif kind == "virtual":
        layout = h5py.VirtualLayout(shape or (1,), dtype)
        layout[...] = h5py.VirtualSource(str(secret), "array", shape or (1,))
        file.create_virtual_dataset(name, layout)
    elif kind == "bomb":
        file.create_dataset(name, (10**6, 10**6), "f4", chunks=(128, 128))
    elif kind == "deflated":
        side = 1 << int(random.integers(8, 15))
        bomb = file.create_dataset(name, (side, side), "f4", chunks=(side, side),
                                   compression="gzip")
        bomb.id.write_direct_chunk((0, 0), zlib.compress(zlib.compress(bytes(10**6))))
    elif kind in ("float64", "big-endian"):
        file[name] = np.zeros(shape, "f8" if kind == "float64" else ">f4")
    elif kind == "strings":
        shared = file.create_dataset(name, (20_000,), h5py.string_dtype())
        shared[0] = "x" * 10**6
    elif kind == "sequences":
        file.create_dataset(name, (1000,), h5py.vlen_dtype(np.float32))
    elif kind == "compound":
        file[name] = np.zeros(shape, [(f"field{n}", "f4") for n in range(100)])
    elif kind == "group":
        file.create_group(name)
    elif kind == "larger":
        file[name] = np.zeros((*shape, 2), dtype)
    elif kind == "empty":
        file[name] = h5py.Empty("f4")
    elif kind == "never written":
        file.create_dataset(name, shape, dtype, chunks=chunks)
    elif kind == "compact":
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        h5py.h5d.create(file.id, name.encode(), h5py.h5t.py_create(np.dtype("f4")),
                        h5py.h5s.create_simple((4,)), plist)
    else:
        file[name] = file["model_weights" if "model_weights" in file else "/"]
    return kind


def more_than_expected(file, random):
    """Add what is never to be looked at."""
    kind = random.integers(6)
    place = file[("/", "model_weights")[random.integers(2)]] if "model_weights" in file else file
    if kind == 0:  # groups in groups
        for _ in range(int(random.choice([100, 3000]))):
            place = place.create_group("g")
    elif kind == 1:  # many names for one large group
        group = file.create_group("large")
        group["data"] = np.zeros(10**6, "u1")
        for number in range(int(random.choice([100, 3000]))):
            place[f"link{number}"] = group
    elif kind == 2:
        place.attrs["weight_names"] = ["block1_conv1/kernel"] * 2000
    elif kind == 3:
        for number in range(200):
            place.attrs[f"attribute{number}"] = np.zeros(1000)
    elif kind == 4:
        for number in range(300):
            place.create_dataset(f"chunked{number}", (1 << 14, 1 << 14), "u1", fillvalue=7,
                                 chunks=(1 << 14, 1 << 14), compression="gzip")
    else:
        place["more"] = h5py.ExternalLink("/etc/passwd", "/")
        place["virtual"] = h5py.SoftLink("/nowhere")


def model(path, random, good):
    """Write a model file that is signed and means harm, from a good one's bytes."""
    path.write_bytes(good)
    kind = random.integers(9)
    if kind == 0:  # the reference to the record, or its heap, or a header
        content = bytearray(good)
        sign_of_structure = (b"TREE", b"SNOD", b"HEAP", b"emotion_recognition")[random.integers(4)]
        place = random.choice([content.rfind(sign_of_structure), random.integers(len(content))])
        for _ in range(random.integers(1, 9)):
            content[(place + random.integers(64)) % len(content)] = random.integers(256)
        path.write_bytes(content)
        return
    with h5py.File(path, "r+") as file:
        record = json.loads(file[checkpoint.RECORD][()])
        record.pop("checksums")
        names = array_names(record)
        if kind == 1:
            sign(file, wrong_record(random, record))
        elif kind == 2:
            sign(file, record, wrong_text(random, record))
        elif kind == 3:
            sign(file, large_record(random, record))
        elif kind == 4:
            array = file[names[random.integers(len(names))]]
            array[...] = random.choice([np.nan, np.inf, -np.inf])
            sign(file, record)
        elif kind == 5:
            more_than_expected(file, random)
        elif kind == 6:
            replace(file, "model_weights", random, path)
        elif kind == 7:
            replace(file, checkpoint.RECORD, random, path)
        else:
            replace(file, names[random.integers(len(names))], random, path)


def database(path, random, good):
    """Write a database whose digest is right and whose contents are wrong."""
    path.write_bytes(good)
    kind = random.integers(6)
    if kind == 0:
        content = bytearray(good)
        place = content.rfind((b"class_names", b"GCOL", b"OHDR")[random.integers(3)])
        for _ in range(random.integers(1, 9)):
            content[(place + random.integers(-16, 64)) % len(content)] = random.integers(256)
        path.write_bytes(content)
        return
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        if kind == 1:
            replace(file, ("images", "labels")[random.integers(2)], random, path)
        elif kind == 2:
            more_than_expected(file, random)
        elif kind == 3:
            other_array(file, random)
        else:
            wrong_attributes(file, random)
        file.attrs[DIGEST] = digest_of_attributes(file.attrs)


def other_array(file, random):
    name = ("images", "labels", "targets")[random.integers(3)]
    if name in file:
        del file[name]
    shape = ((300,), (300, 4, 4), (300, 48, 32), (300, 2), (0, 4, 4), (10**9, 4, 4), (299,),
             (300, 1000, 1000))[random.integers(8)]
    dtype = ("u1", "i1", "f4", "f8", "S3", "i8")[random.integers(6)]
    chunks = (128, *shape[1:]) if random.random() < 0.7 else None
    file.create_dataset(name, shape, dtype, chunks=chunks, fletcher32=bool(chunks),
                        maxshape=(None, *shape[1:]) if chunks else None,
                        compression="gzip" if chunks and random.random() < 0.2 else None)
    if shape[0] == 300 and dtype != "S3":
        file[name][:1] = 255 if dtype == "u1" else -1


def wrong_attributes(file, random):
    names = (
        [1, 2], [["a", "b"], ["c", "d"]], [f"class {n}" for n in range(900)], ["a", "a"], ["a"],
        "a", 5, ["a", "b\x1b[2J"], [], np.zeros(1000), ["x" * 10**5, "b"], ["", "b"],
        np.array(["a", "b"], "S1"), np.zeros((), [("a", "f4")]), [b"\xff\xfe", b"b"])
    file.attrs["class_names"] = names[random.integers(len(names))]
    for number in range(random.choice([0, 0, 3, 300])):
        file.attrs[f"more{number}"] = 1
