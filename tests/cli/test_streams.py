"""Streams and environments that a script may be started with."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment
from tests.training.small import start_small, write_databases

PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def build(csv, output, redirection="", **variables):
    """Run build_dataset.py in a shell; return what subprocess.run does, of bytes."""
    command = [sys.executable, str(ROOT / "build_dataset.py"), "--csv", csv, "--output", output]
    return subprocess.run(["bash", "-c", f'exec "$@" {redirection}', "-", *command],
                          capture_output=True, env=environment(**variables), timeout=120)


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_else(csv_file, tmp_path, redirection):
    process = build(csv_file, tmp_path / "hdf5", redirection)
    assert (process.returncode, process.stderr) == (0, b"")
    assert len(list((tmp_path / "hdf5").glob("*.hdf5"))) == 3


def test_a_full_standard_output_is_one_line(csv_file, tmp_path):
    process = build(csv_file, tmp_path / "hdf5", "> /dev/full")
    assert process.returncode == 2
    assert process.stderr == b"build_dataset.py: cannot go on: No space left on device\n"


def test_a_reader_that_leaves_is_no_error(csv_file, tmp_path):
    process = build(csv_file, tmp_path / "hdf5", "| true")
    assert process.stderr == b""


@pytest.mark.parametrize("variables", [PLAIN, {"PYTHONIOENCODING": "ascii"},
                                       {"COLUMNS": "5", "HOME": "/nonexistent"}], ids=str)
@pytest.mark.parametrize("name", ["é日本.csv", os.fsdecode(b"\xff.csv")], ids=ascii)
def test_any_name_in_any_environment(csv_file, tmp_path, variables, name):
    csv = tmp_path / name
    shutil.copyfile(csv_file, csv)
    process = build(csv, tmp_path / "hdf5é", **variables)
    assert (process.returncode, process.stderr) == (0, b"")
    csv.unlink()
    process = build(csv, tmp_path / "hdf5é", **variables)
    assert process.returncode == 2
    assert process.stderr.count(b"\n") == 1 and b"no such CSV file" in process.stderr


@pytest.mark.torture  # Keras starts six times
@pytest.mark.parametrize(("redirection", "variables"), [
    ("<&- >&- 2>&-", {}), ("", PLAIN), ("", {"PYTHONIOENCODING": "ascii", "COLUMNS": "5",
                                             "HOME": "/nonexistent"})], ids=str)
def test_training_and_evaluating_in_any_environment(tmp_path, redirection, variables):
    folder = tmp_path / "é日本"
    folder.mkdir()
    write_databases(folder)
    for command in (
            ["-m", "tests.training.small", "--experiment", "1", "--epochs", "2", "--dataset",
             folder, "--checkpoints", folder / "é", "--output", folder],
            ["test_recognizer.py", "--split", "val", "--dataset", folder, "--model",
             folder / "é" / "best.hdf5", "--output", folder]):
        process = subprocess.run(
            ["bash", "-c", f'exec "$@" {redirection}', "-", sys.executable, *map(str, command)],
            capture_output=True, env=environment(**variables), timeout=300, cwd=ROOT)
        assert (process.returncode, process.stderr) == (0, b"")
    assert (folder / "evaluation_é_best_é日本_val.png").stat().st_size > 10_000


@pytest.mark.torture  # Keras starts
def test_a_training_whose_reader_leaves_ends_with_status_1(tmp_path):
    write_databases(tmp_path)
    training = start_small(tmp_path, "--experiment", "1", "--epochs", "3")
    training.stdout.close()
    assert training.wait(timeout=300) == 1
    assert training.stderr.read() == ""
