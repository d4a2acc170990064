"""Databases from CSV files other than FER2013's."""

import csv

import h5py
import pytest

from tests.conftest import fails_with, run_main

WORDS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")


@pytest.fixture(scope="module")
def rows(csv_file):
    """The rows of a small fer2013.csv."""
    with open(csv_file, newline="") as file:
        return list(csv.DictReader(file))


def written(path, rows, columns=("emotion", "pixels"), **changes):
    """Write rows with some columns changed, by functions of a row; return the path."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in rows:
            row = row | {name: change(row) for name, change in changes.items()}
            writer.writerow({name: row[name] for name in columns})
    return path


def build(path, *more):
    process = run_main("build_dataset.py", "--csv", path, "--output", path.parent, *more)
    assert process.returncode == 0, process.stderr_text
    found = {}
    for split in ("train", "val", "test"):
        with h5py.File(path.parent / f"{split}.hdf5") as file:
            found[split] = len(file["images"])
            names = list(file.attrs["class_names"])
    return found, names


def test_without_usage_the_splits_are_drawn(rows, tmp_path):
    found, names = build(written(tmp_path / "train.csv", rows))
    assert sum(found.values()) == len(rows) and len(names) == 6
    assert found["val"] == pytest.approx(len(rows) / 10, abs=3)
    assert found["test"] == pytest.approx(len(rows) / 10, abs=3)


def test_with_training_and_test_alone_validation_is_drawn(rows, tmp_path):
    path = written(tmp_path / "faces.csv", rows, ("emotion", "pixels", "Usage"), Usage=lambda row: (
        "Training" if row["Usage"] == "Training" else "Test"))
    found, _ = build(path)
    training = sum(row["Usage"] == "Training" for row in rows)
    assert found["test"] == len(rows) - training
    assert found["val"] == pytest.approx(training / 10, abs=3)


@pytest.mark.parametrize("usages", [("Train", "TEST"), ("training", "testing")])
def test_usages_may_be_other_words_in_any_letters(rows, tmp_path, usages):
    found, _ = build(written(
        tmp_path / "faces.csv", rows, ("emotion", "pixels", "Usage"),
        Usage=lambda row: usages[row["Usage"] == "PrivateTest"]))
    assert found["test"] == sum(row["Usage"] == "PrivateTest" for row in rows)


def test_a_file_for_testing_alone_names_the_flag(rows, tmp_path):
    path = written(tmp_path / "faces.csv", rows, ("emotion", "pixels", "Usage"),
                   Usage=lambda row: "Test")
    assert "give --only test" in fails_with("build_dataset.py", "--csv", path, "--output",
                                            tmp_path)


def test_numbers_that_may_be_other_classes_are_told(rows, tmp_path):
    path = written(tmp_path / "two.csv", rows, emotion=lambda row: int(row["emotion"]) % 2)
    process = run_main("build_dataset.py", "--csv", path, "--output", tmp_path)
    assert process.returncode == 0
    assert ("no image of fear, happy, sad, surprise, neutral in the training split; add some, or "
            "name the classes with --class-names") in process.stderr_text


def test_emotions_may_be_words(rows, tmp_path):
    _, names = build(written(tmp_path / "words.csv", rows, ("emotion", "pixels", "Usage"),
                             emotion=lambda row: WORDS[int(row["emotion"])].title()))
    assert names == ["angry", "fear", "happy", "sad", "surprise", "neutral"]
    _, names = build(written(tmp_path / "two.csv", rows, emotion=lambda row: (
        "bored" if int(row["emotion"]) % 2 else "joy")))
    assert names == ["happy", "bored"]


def test_eight_numbers_are_those_of_ck(rows, tmp_path):
    path = written(tmp_path / "ckextended.csv", rows, ("emotion", "pixels", "Usage"),
                   emotion=lambda row: 7 if hash(row["pixels"]) % 8 == 7 else row["emotion"])
    line = fails_with("build_dataset.py", "--csv", path, "--output", tmp_path)
    assert "found emotion '7', expected 0 to 6; give --classes 8 if 7 is contempt" in line
    _, names = build(path, "--classes", 8)
    assert names[-1] == "contempt"


def test_other_numbers_are_named(rows, tmp_path):
    path = written(tmp_path / "three.csv", rows, emotion=lambda row: int(row["emotion"]) % 3)
    _, names = build(path, "--class-names", "calm", "tired", "wild")
    assert names == ["neutral", "tired", "wild"]
    line = fails_with("build_dataset.py", "--csv", path, "--output", tmp_path, "--class-names",
                      "calm", "tired", "wild", "shy")
    assert "no image of shy in the training split; add some, or name the classes" in line
    line = fails_with("build_dataset.py", "--csv", path, "--output", tmp_path, "--class-names",
                      "calm", "tired")
    assert ("found emotion '2', expected 0 to 1; give --classes 8 if 7 is contempt, or "
            "--class-names a name for each number") in line


def test_words_and_numbers_do_not_mix(rows, tmp_path):
    mixed = written(tmp_path / "mixed.csv", rows, emotion=lambda row: (
        "happy" if row is rows[0] else row["emotion"]))
    line = fails_with("build_dataset.py", "--csv", mixed, "--output", tmp_path)
    assert "expected a word, as in the first row" in line or "found emotion 'happy'" in line


def test_a_file_without_rows(tmp_path):
    empty = written(tmp_path / "empty.csv", [], ("emotion", "pixels", "Usage"))
    for more in ((), ("--only", "test")):
        line = fails_with("build_dataset.py", "--csv", empty, "--output", tmp_path, *more)
        assert "no image of angry, fear, happy, sad, surprise, neutral, found none at all" in line
