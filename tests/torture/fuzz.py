"""Mutated and generated files against every reader.

    python -m tests.torture.fuzz [cases for each reader, 500]

Each case must end in success or in a UserError of one line that names the file. A crash or a hang
of a reader ends this script with its case as hypothesis prints it.
"""

import sys
import tempfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.io.fer2013 import RowSamples
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.io.hdf5datasetwriter import write_database
from pipeline.io.picturefile import read_picture
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from tests.conftest import SAMPLE_PICTURE, record_of

SIZE = 4  # pixels of a side, so that a case is small
USAGES = ("Training", "PublicTest", "PrivateTest")
NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1}
FOLDER = tempfile.TemporaryDirectory()
DEADLINE = 20_000  # milliseconds: what takes longer counts as a hang


def ends_well(name, content, read):
    """Write content to a file and read it; let through nothing but success and UserError."""
    path = Path(FOLDER.name) / name
    path.write_bytes(content)
    try:
        read(path)
    except UserError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    finally:
        path.unlink()


def read_csv(path):
    for sample in RowSamples(path, SIZE, numbered="abcdefg", words={},
                             splits=dict.fromkeys(USAGES)):
        assert sample.class_name and sample.image.shape == (SIZE, SIZE)


def read_database(path):
    with HDF5DatasetGenerator(path, 128) as dataset:
        assert sum(len(images) for images, _ in dataset) == dataset.num_images


@cache
def whole(name):
    """Return the bytes of a good file to start from."""
    path = Path(FOLDER.name) / f"whole_{name}"
    if name == "faces.csv":
        rows = [f"{i},{' '.join(str(i * 16 + j) for j in range(SIZE**2))},{USAGES[i % 3]}"
                for i in range(7)]
        path.write_text("\n".join(["emotion,pixels,Usage", *rows]))
    elif name == "train.hdf5":
        images = [np.full((SIZE, SIZE), number % 256) for number in range(300)]
        write_database(path, images, [number % 2 for number in range(300)],
                       {"class_names": ("a", "b")})
    elif name == "model.hdf5":
        checkpoint.save(EmotionVGGNet.build(**NETWORK), path, record_of(NETWORK),
                        include_optimizer=False)
    else:
        picture = cv2.resize(cv2.imread(str(SAMPLE_PICTURE)), (40, 30))
        assert cv2.imwrite(str(path), picture)
    return path.read_bytes()


@st.composite
def mutated(draw, name):
    """Draw a good file with a few bytes changed, cut out, doubled or put in."""
    content = bytearray(whole(name))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.sampled_from([0, 1, 1, 2, 4, 8, 64, 4096]))
        kind = draw(st.sampled_from(["change", "cut", "double", "insert", "end"]))
        if kind == "change":
            content[start:start + length] = draw(st.binary(min_size=length, max_size=length))
        elif kind == "cut":
            del content[start:start + length]
        elif kind == "double":
            content[start:start] = content[start:start + length]
        elif kind == "insert":
            content[start:start] = draw(st.binary(max_size=64))
        elif draw(st.booleans()):
            del content[start:]
    return bytes(content)


CELLS = st.one_of(
    st.sampled_from(["0", "6", "7", "-1", "", "x", "Training", "PrivateTest", '"', "1e9", "\x00",
                     " ".join(["255"] * SIZE**2), " ".join(["7"] * (SIZE**2 - 1)), "é", "٣"]),
    st.text(max_size=12))
CSV_TEXT = st.builds(
    lambda header, rows, end: end.join([header, *(",".join(row) for row in rows)]),
    st.sampled_from(["emotion,pixels,Usage", "emotion, Usage, pixels", "pixels,emotion", "", "a"]),
    st.lists(st.lists(CELLS, max_size=4), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))


def csv_is_read_or_refused(content):
    ends_well("faces.csv", content, read_csv)


def database_is_read_or_refused(content):
    ends_well("train.hdf5", content, read_database)


def model_is_read_or_refused(content):
    ends_well("model.hdf5", content, checkpoint.read)


def picture_is_read_or_refused(content):
    ends_well("face.png", content, read_picture)


PICTURES = ("face.png", "face.jpg", "face.bmp", "face.tif", "face.webp")
FILES = ("faces.csv", "train.hdf5", "model.hdf5", *PICTURES)
CASES = {
    csv_is_read_or_refused: st.one_of(
        mutated("faces.csv"), CSV_TEXT.map(lambda text: text.encode("utf-8", "replace"))),
    database_is_read_or_refused: st.one_of(mutated("train.hdf5"), st.binary(max_size=200)),
    model_is_read_or_refused: st.one_of(mutated("model.hdf5"), st.binary(max_size=200)),
    picture_is_read_or_refused: st.one_of(
        st.sampled_from(PICTURES).flatmap(mutated), st.binary(max_size=200)),
}


def run(check, cases):
    """Run a check on this many generated cases."""
    for name in FILES:  # made before hypothesis looks at what is random
        whole(name)
    limits = settings(max_examples=cases, deadline=DEADLINE, derandomize=True, database=None,
                      suppress_health_check=list(HealthCheck))
    limits(given(CASES[check])(check))()


def main(cases=500):
    for check in CASES:
        run(check, cases)
        print(f"{check.__name__}: {cases} cases", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
