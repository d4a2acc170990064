import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.detection.faces import cascadefile
from pipeline.detection.faces.facedetector import load_cascade
from pipeline.errors import UserError
from tests.conftest import CASCADE, SAMPLE_PICTURE

TEXT = CASCADE.read_text()


def boxes(cascade):
    gray = cv2.imread(str(SAMPLE_PICTURE), cv2.IMREAD_GRAYSCALE)
    return np.sort(cascade.detectMultiScale(gray, 1.2, 3), axis=0)


@pytest.mark.parametrize("name", ["frontalface_default", "frontalface_alt2", "profileface"])
def test_a_checked_cascade_finds_what_the_file_itself_finds(tmp_path, name):
    path = Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"
    unknown = tmp_path / "cascade.xml"
    unknown.write_bytes(path.read_bytes() + b"\n")
    assert np.array_equal(boxes(load_cascade(unknown)), boxes(cv2.CascadeClassifier(str(path))))


def test_the_cascade_that_ships_is_known(monkeypatch):
    monkeypatch.setattr(cascadefile, "_parsed", None)
    assert np.array_equal(boxes(load_cascade(CASCADE)), boxes(cv2.CascadeClassifier(str(CASCADE))))


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"0 -1 1 ", "0 -1 99999 "), (r"0 -1 1 ", "0 -1 -7 "), (r"0 -1 1 ", "5 -1 1 "),
        (r"0 -1 1 ", "0 -9 1 "), (r"0 -1 1 ", "0 -1 1 nan "),
        (r"0 -1 1 ", "0 -1 1_0 "), (r"0 -1 1 ", "0 -1 " + "9" * 5000 + " "),
        (r"<width>24", "<width>9999999"), (r"<height>24", "<height>-24"),
        (r"<maxCatCount>0", "<maxCatCount>100000000"), (r"HAAR", "HOG"), (r"BOOST", "BUST"),
        (r"<rects>\s*<_>\s*\d+ ", "<rects><_>1000000 "),
        (r"<rects>\s*<_>\s*\d+ ", "<rects><_>-3 "), (r"<rects>", "<rects><_>1 1 1 1 1.</_>" * 4),
        (r"<features>", "<features><_></_>"), (r"<features>", "<features></features><features>"),
        (r"<stageThreshold>[^<]*", "<stageThreshold>inf"), (r"<stages>", "<other>"),
        (r"<opencv_storage>", "<!DOCTYPE a [<!ENTITY b 'c'>]><opencv_storage>"),
        (r"<stages>", "<stages>" + "<_>" * 200_000), (r"<stages>", "<stages>" + "<_/>" * 300_000),
        (r"</opencv_storage>", " " * (1 << 23) + "</opencv_storage>"),
    ],
)
def test_a_cascade_whose_numbers_do_not_fit_is_refused(tmp_path, pattern, replacement):
    changed = re.sub(pattern, replacement, TEXT, count=1)
    assert changed != TEXT
    path = tmp_path / "cascade.xml"
    path.write_text(changed)
    with pytest.raises(UserError, match="not a cascade of OpenCV") as error:
        load_cascade(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_opencv_gets_the_numbers_that_were_checked(tmp_path):
    # To OpenCV 014 is 12, and such a tree or rectangle another one than what Python has checked.
    path = tmp_path / "cascade.xml"
    path.write_text(TEXT + "\n")
    plain = cascadefile.checked_cascade(path)
    path.write_text(TEXT.replace("0 -1 0 ", "00 -01 +00 ", 1).replace("6 4 12 9 -1.",
                                                                   "06 004 +012 0009 -001.", 1))
    assert cascadefile.checked_cascade(path) == plain
