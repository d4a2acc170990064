"""Names that are not UTF-8, in every script."""

import os

import pytest

from tests.cli.test_build_dataset_pictures import write_pictures
from tests.conftest import MODEL, fails_with, run_main

NAME = os.fsdecode(b"x\xff")
SHOWN = r"x\xff"


@pytest.mark.parametrize("command", [
    ("build_dataset.py", "--csv", NAME), ("build_dataset.py", "--images", NAME),
    ("test_recognizer.py", "--model", NAME), ("test_recognizer.py", "--dataset", NAME),
    ("train_recognizer.py", "--model", NAME), ("train_recognizer.py", "--dataset", NAME),
    ("emotion_detector.py", "--no-display", "--video", NAME),
    ("emotion_detector.py", "--no-display", "--image", NAME),
    ("pipeline.export", "--model", NAME, "--output", "x.onnx"),
    ("pipeline.quantize", "--model", NAME, "--dataset", "."),
], ids=" ".join)
def test_a_file_that_is_not_there_is_one_line(command):
    assert SHOWN in fails_with(*command)


def test_one_of_several_videos_that_is_not_there_is_named(tmp_path):
    process = run_main("emotion_detector.py", "--no-display", "--video", tmp_path / f"{NAME}.mp4",
                       tmp_path / "y.mp4")
    assert process.returncode == 2 and f"{SHOWN}.mp4: no such video file" in process.stderr_text


def test_databases_and_evaluations_of_such_names(tmp_path):
    images, output = write_pictures(tmp_path / "images" / NAME), tmp_path / NAME
    process = run_main("build_dataset.py", "--images", images, "--output", output, "--only", "test")
    assert process.returncode == 0, process.stderr_text
    assert f"{SHOWN}/test.hdf5" in process.stdout_text
    process = run_main("test_recognizer.py", "--model", MODEL, "--dataset", output, "--output",
                       output, "--name", NAME)
    assert process.returncode == 0, process.stderr_text
    assert f"evaluation_{SHOWN}.png" in process.stdout_text
