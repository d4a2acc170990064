import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.detection.faces import detectormodel
from pipeline.detection.faces.detectormodel import load_cascade, load_yunet
from pipeline.errors import UserError
from tests.conftest import CASCADE, SAMPLE_PICTURE

TEXT = CASCADE.read_text()


def boxes(cascade):
    gray = cv2.imread(str(SAMPLE_PICTURE), cv2.IMREAD_GRAYSCALE)
    return np.sort(cascade.detectMultiScale(gray, 1.2, 3), axis=0)


@pytest.mark.parametrize("name", ["frontalface_alt2", "profileface"])
def test_an_unknown_cascade_finds_what_opencv_finds_with_it(tmp_path, name):
    path = Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"
    unknown = tmp_path / "cascade.xml"
    unknown.write_bytes(path.read_bytes() + b"\n")
    assert np.array_equal(boxes(load_cascade(unknown)), boxes(cv2.CascadeClassifier(str(path))))


def test_the_cascade_that_ships_needs_no_trial(monkeypatch):
    monkeypatch.setattr(detectormodel, "TRIAL", "raise SystemExit(1)")
    assert np.array_equal(boxes(load_cascade(CASCADE)), boxes(cv2.CascadeClassifier(str(CASCADE))))


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"0 -1 1 ", "0 -1 99999 "), (r"<stages>", "<other>"), (r"<features>", "<other>"),
        (r"<stages>", "<stages>" + "<_>" * 200_000), (r"(?s).{9000}$", ""), (r"(?s)^.*$", ""),
        (r"</opencv_storage>", " " * (1 << 23) + "</opencv_storage>"),
        (r"<stageType>BOOST", "<stageType>\xff"),
    ],
)
def test_a_damaged_cascade_is_refused(tmp_path, pattern, replacement):
    changed = re.sub(pattern, replacement, TEXT, count=1)
    assert changed != TEXT
    path = tmp_path / "cascade.xml"
    path.write_text(changed, encoding="latin-1")
    with pytest.raises(UserError, match="not a cascade of OpenCV") as error:
        load_cascade(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_cascade_whose_tree_never_ends_is_refused_in_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(detectormodel, "TRIAL", f"import {detectormodel.__name__} as model; "
                        "model.CPU_SECONDS = 1; model.try_out(model.{0})")
    path = tmp_path / "cascade.xml"
    loop = "<internalNodes>1 1 0 -1 1 1 0 -1</internalNodes><leafValues>0 0 0</leafValues>"
    path.write_text(re.sub(r"<internalNodes>\s+0 -1 0 .*\s+<leafValues>.*\s+.*</leafValues>", loop,
                           TEXT, count=1))
    with pytest.raises(UserError, match="not a cascade of OpenCV"):
        load_cascade(path)


@pytest.mark.parametrize("content", [
    b"not a network", b"<html>" + bytes(1000), b"version https://git-lfs.github.com/spec/v1\n",
    bytes(detectormodel.LARGEST_FILE + 1),
], ids=["text", "web page", "pointer", "too large"])
def test_what_is_not_yunet_is_named(tmp_path, content):
    path = tmp_path / "network.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"network\.onnx: not YuNet"):
        load_yunet(path, 0.8)


def test_a_network_that_crashes_opencv_ends_only_its_trial(yunet, tmp_path):
    content = yunet.read_bytes()
    random = np.random.default_rng(0)
    names = [place for place in range(len(content) - 4) if content[place:place + 4].isalnum()]
    for _ in range(6):
        altered = bytearray(content)
        for place in random.choice(names, 3):
            altered[place + random.integers(-3, 2)] = random.integers(256)
        (tmp_path / "x.onnx").write_bytes(altered)
        try:
            load_yunet(tmp_path / "x.onnx", 0.8)
        except UserError as error:
            assert str(error).count("\n") == 0
