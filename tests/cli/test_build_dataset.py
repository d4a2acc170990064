import hashlib
import signal
import time

import h5py
import numpy as np
import pytest

from tests.conftest import (
    ROWS,
    fails_with,
    run_main,
    start_script,
    write_csv,
    write_ferplus,
)

SPLITS = {"train.hdf5": 150, "val.hdf5": 70, "test.hdf5": 70}


def test_the_databases_hold_every_row_and_say_what_they_are(csv_file, dataset):
    digest = hashlib.sha256(csv_file.read_bytes()).hexdigest()
    for name, count in SPLITS.items():
        with h5py.File(dataset / name) as file:
            assert file["images"].shape == (count, 48, 48)
            assert file.attrs["classes"] == 6
            assert list(file.attrs["class_names"]) == [
                "angry", "fear", "happy", "sad", "surprise", "neutral"]
            assert file.attrs["source"] == "fer2013.csv"
            assert file.attrs["source_sha256"] == digest
            # Labels 0 to 6 in turn, with disgust as angry.
            assert file["labels"][:7].tolist() == [0, 0, 1, 2, 3, 4, 5]


def test_seven_classes_and_the_table(csv_file, tmp_path):
    process = run_main("build_dataset.py", "--csv", csv_file, "--output", tmp_path / "new",
                         "--classes", 7)
    assert process.returncode == 0, process.stderr_text
    assert "disgust" in process.stdout_text and "150" in process.stdout_text
    with h5py.File(tmp_path / "new" / "train.hdf5") as file:
        assert file["labels"][:7].tolist() == [0, 1, 2, 3, 4, 5, 6]
        assert file.attrs["classes"] == 7


def test_the_votes_of_people_are_targets_and_labels(csv_file, tmp_path):
    ferplus = write_ferplus(tmp_path / "fer2013new.csv")
    arguments = "--csv", csv_file, "--ferplus", ferplus, "--output", tmp_path
    process = run_main("build_dataset.py", *arguments)
    assert process.returncode == 0, process.stderr_text
    assert "left out: 29 rows" in process.stdout_text
    with h5py.File(tmp_path / "train.hdf5") as file:
        assert len(file["images"]) == 135 and file["targets"].dtype == np.float32
        assert file.attrs["ferplus_share"] == 1
        # The first row is left out; the second shows disgust, as angry, the sixth surprise.
        assert file["labels"][:5].tolist() == [0, 1, 2, 3, 4]
        assert np.allclose(file["targets"][4], [0, 0, 0, 0, 0.7, 0.3])
        assert np.allclose(file["votes"][4], [0, 0, 0, 0, 0.7, 0.3])
    process = run_main("build_dataset.py", *arguments, "--ferplus-share", 0.25)
    assert process.returncode == 0, process.stderr_text
    with h5py.File(tmp_path / "train.hdf5") as file:
        assert np.allclose(file["targets"][4], [0, 0, 0, 0, 0.925, 0.075])


def test_eight_classes_are_those_of_the_votes(csv_file, tmp_path):
    ferplus = write_ferplus(tmp_path / "fer2013new.csv")
    arguments = "--csv", csv_file, "--classes", 8, "--output", tmp_path
    line = fails_with("build_dataset.py", *arguments)
    assert "fer2013.csv: no image of contempt in the training split; add some" in line
    process = run_main("build_dataset.py", *arguments, "--ferplus", ferplus)
    assert process.returncode == 0, process.stderr_text
    with h5py.File(tmp_path / "val.hdf5") as file:
        assert file.attrs["class_names"][-1] == "contempt"
        assert file["targets"].shape == (63, 8)


def test_votes_on_other_images_are_refused(csv_file, tmp_path):
    output = tmp_path / "hdf5"
    for ferplus, message in {
        write_ferplus(tmp_path / "short.csv", {**ROWS, "Training": 149}):
            "has 149 rows of Training, found 150 images of it",
        write_ferplus(tmp_path / "moved.csv", first=1): "its votes agree with the labels of",
        csv_file: "no column NF, expected FER+'s fer2013new.csv",
        tmp_path / "none.csv": "no such FER+ file",
    }.items():
        assert message in fails_with("build_dataset.py", "--csv", csv_file, "--ferplus", ferplus,
                                     "--output", output)
    assert not list(output.glob("*.hdf5"))


def test_a_wrong_row_stops_it_and_leaves_the_older_databases(csv_file, dataset, tmp_path):
    for name in SPLITS:
        (tmp_path / name).write_bytes((dataset / name).read_bytes())
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    broken = tmp_path / "broken.csv"
    broken.write_text(csv_file.read_text().replace("PrivateTest", "Private"))
    line = fails_with("build_dataset.py", "--csv", broken, "--output", tmp_path)
    assert f"line {ROWS['Training'] + ROWS['PublicTest'] + 2}: found Usage 'Private'" in line
    broken.unlink()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_empty_split_stops_it(tmp_path):
    csv = write_csv(tmp_path / "half.csv", {"Training": 5, "PublicTest": 5})
    line = fails_with("build_dataset.py", "--csv", csv, "--output", tmp_path)
    assert "no row with Usage PrivateTest" in line
    assert list(tmp_path.iterdir()) == [csv]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such CSV file; get fer2013.csv as the README says"),
        (lambda path: path.mkdir(), "a folder, expected a CSV file"),
        (lambda path: path.write_text(""), "an empty file, expected a CSV file"),
    ],
)
def test_a_path_that_is_no_csv_file(tmp_path, make, message):
    make(tmp_path / "fer2013.csv")
    assert message in fails_with("build_dataset.py", "--csv", tmp_path / "fer2013.csv")


@pytest.fixture(scope="module")
def large_csv(tmp_path_factory):
    """A CSV that takes seconds to read: the rows of a small one, many times over."""
    path = write_csv(tmp_path_factory.mktemp("large") / "large.csv")
    header, *rows = path.read_text().splitlines(keepends=True)
    path.write_text(header + "".join(rows) * 70)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_build_leaves_the_older_databases(large_csv, dataset, tmp_path, number):
    output = tmp_path / "hdf5"
    output.mkdir()
    for name in SPLITS:
        (output / name).write_bytes((dataset / name).read_bytes())
    process = start_script("build_dataset.py", "--csv", large_csv, "--output", output)
    while process.poll() is None and not (output / ".building").exists():
        time.sleep(0.01)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 128 + number
        assert stderr.count("\n") == 1
        assert not list(output.glob(".*"))
    for name in SPLITS:
        assert (output / name).read_bytes() == (dataset / name).read_bytes()
