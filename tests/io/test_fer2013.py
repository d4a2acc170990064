import gzip
import hashlib

import numpy as np
import pytest

from config.emotion_config import CLASS_NAMES, SPLITS
from pipeline.errors import UserError
from pipeline.io.fer2013 import RowSamples
from tests.conftest import row, synthetic_faces

USAGES = tuple(SPLITS)
NAMES = CLASS_NAMES[7]
IMAGES, LABELS = synthetic_faces(3)
PIXELS = [" ".join(map(str, image.ravel())) for image in IMAGES]
KAGGLE = "emotion,pixels,Usage\n" + "".join(
    f"{row(*item)}\n" for item in zip(LABELS, IMAGES, USAGES))
ICML = "emotion, Usage, pixels\n" + "".join(
    f"{label},{usage},{pixels}\n" for label, pixels, usage in zip(LABELS, PIXELS, USAGES))


def rows_of(path):
    return list(reader_of(path))


def reader_of(path):
    return RowSamples(path, 48, numbered=NAMES, words={}, splits=SPLITS)


@pytest.mark.parametrize(
    "text",
    [
        KAGGLE,
        ICML,
        KAGGLE.replace("\n", "\r\n"),
        "\ufeff" + KAGGLE,
        KAGGLE + "\n\n \r\n",
        KAGGLE.rstrip("\n"),
        KAGGLE.replace(PIXELS[0], f'"{PIXELS[0]}"'),
    ],
    ids=["kaggle", "icml", "crlf", "bom", "blank lines", "no last newline", "quotes"],
)
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_reads_every_form_that_kaggle_and_editors_give_it(tmp_path, text, suffix):
    path = tmp_path / f"faces{suffix}"
    content = text.encode()
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    rows = rows_of(path)
    assert [row.class_name for row in rows] == [NAMES[label] for label in LABELS]
    assert [row.split for row in rows] == list(SPLITS.values())
    assert np.array_equal([row.image for row in rows], IMAGES)


def test_sha256_is_the_files(tmp_path):
    path = tmp_path / "faces.csv"
    path.write_text(KAGGLE)
    reader = reader_of(path)
    list(reader)
    assert reader.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def replaced(old, new):
    return KAGGLE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (replaced(PIXELS[1], PIXELS[1] + " 7"), 3, "found 2305 pixels"),
        (replaced(PIXELS[1], PIXELS[1].rsplit(" ", 1)[0]), 3, "found 2303 pixels"),
        *((replaced(PIXELS[1], f"{wrong} " + PIXELS[1].split(" ", 1)[1]), 3,
           f"found 2304 pixels '{wrong} ") for wrong in ("256", "-1", "x", "1.5", "9" * 30, "٣")),
        (replaced(PIXELS[1], PIXELS[1] + " junk"), 3, "found 2305 pixels"),
        (replaced(PIXELS[1], ""), 3, "found 0 pixels '', expected 2304 whole numbers from 0 to"),
        (replaced(f"\n2,{PIXELS[2]}", f"\n7,{PIXELS[2]}"), 4, "found emotion '7', expected 0 to 6"),
        (replaced("PublicTest", "Public"), 3, "found Usage 'Public', expected one of Training"),
        (replaced(",PublicTest", ""), 3, "found 2 columns, expected 3"),
        (replaced("pixels", "pixel"), 1, "found no column pixels in the header"),
        ("", 1, "found no column emotion in the header"),
        (KAGGLE + "0," + "1 " * 40_000, 5, "found a line of over 65536 bytes"),
        (KAGGLE + "\n" * 2000, 1005, "found a line of over 65536 bytes, or over 1,000 blank ones"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(tmp_path, text, line, message):
    path = tmp_path / "faces.csv"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        rows_of(path)
    assert f"{path}, line {line}: {message}" in str(error.value)


def test_a_broken_gzip_file_is_named(tmp_path):
    path = tmp_path / "faces.csv.gz"
    path.write_bytes(gzip.compress(KAGGLE.encode())[:-40])
    with pytest.raises(UserError, match=r"faces\.csv\.gz: damaged, or not a CSV file"):
        rows_of(path)
