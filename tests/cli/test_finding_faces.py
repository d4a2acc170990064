import csv
import re
import shutil
from collections import Counter

import cv2
import numpy as np
import pytest

from config import emotion_config as config
from tests.conftest import CASCADE, SAMPLE_PICTURE, SAMPLE_VIDEO, run_main

EMOTIONS = config.CLASS_NAMES[6]


def detector(*arguments):
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert process.returncode == 0, process.stderr_text
    return process


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def summary(process):
    """Return the rows of the table that ends a run."""
    return dict(re.findall(r"│ +(\S.*?) +│ +(\S+) +│", process.stdout_text))


@pytest.fixture
def no_yunet_in_place(monkeypatch):
    monkeypatch.setattr(config, "DETECTOR_PATH", None)


@pytest.fixture
def yunet_in_place(monkeypatch, tmp_path, yunet):
    monkeypatch.setattr(config, "DETECTOR_PATH", tmp_path / "yunet.onnx")
    shutil.copy(yunet, tmp_path / "yunet.onnx")


@pytest.mark.usefixtures("no_yunet_in_place")
def test_yunet_finds_faces_where_its_file_is_given(tmp_path, yunet):
    process = detector("--video", SAMPLE_VIDEO, "--max-frames", 20, "--detector", yunet,
                       "--csv", tmp_path / "x.csv")
    assert summary(process)["faces found by"] == "YuNet"
    assert {int(row["frame"]) for row in rows_of(tmp_path / "x.csv")
            if row["face"]} == set(range(20))


@pytest.mark.usefixtures("yunet_in_place")
def test_yunet_finds_faces_where_its_file_is_in_place_unless_a_cascade_is_given():
    assert summary(detector("--image", SAMPLE_PICTURE))["faces found by"] == "YuNet"
    assert summary(detector("--image", SAMPLE_PICTURE,
                            "--cascade", CASCADE))["faces found by"] == "cascade"


@pytest.mark.usefixtures("no_yunet_in_place")
def test_the_cascade_finds_faces_without_yunet():
    assert summary(detector("--image", SAMPLE_PICTURE))["faces found by"] == "cascade"


def test_pictures_without_a_face_are_counted(tmp_path):
    shutil.copy(SAMPLE_PICTURE, tmp_path)
    for name in ("gray.png", "black.png"):
        cv2.imwrite(str(tmp_path / name), np.full((100, 100, 3), len(name), np.uint8))
    rows = summary(detector("--image", tmp_path))
    assert (rows["with a face"], rows["without a face"]) == ("1", "2")


def likeliest(row):
    return max(EMOTIONS, key=lambda name: float(row[name]))


def test_faces_of_little_confidence_are_unsure(tmp_path):
    process = detector("--image", SAMPLE_PICTURE, "--csv", tmp_path / "x.csv")
    sure = rows_of(tmp_path / "x.csv")
    assert "unsure" not in summary(process)
    for row in sure:
        assert row["emotion"] == likeliest(row)
    between = np.mean([float(row[likeliest(row)]) for row in sure])
    process = detector("--image", SAMPLE_PICTURE, "--csv", tmp_path / "x.csv",
                       "--output", tmp_path / "x.png", "--least-confidence", between)
    found = Counter(row["emotion"] for row in rows_of(tmp_path / "x.csv"))
    assert found["unsure"] == 1 and found.total() == 2
    assert "unsure" in process.stdout_text


def test_what_is_no_yunet_is_one_line(tmp_path):
    (tmp_path / "text.onnx").write_text("not a network")
    for arguments, message in {
        ("--detector", tmp_path / "none.onnx"): "none.onnx: no such YuNet file",
        ("--detector", tmp_path): "a folder, expected a YuNet file",
        ("--detector", tmp_path / "text.onnx"): "text.onnx: not YuNet, expected OpenCV Zoo's",
    }.items():
        process = run_main("emotion_detector.py", "--no-display", "--image", SAMPLE_PICTURE,
                           *arguments)
        assert process.returncode == 2
        assert message in process.stderr_text and process.stderr_text.count("\n") == 1
