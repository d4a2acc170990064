import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.files.places import locked_folder, locked_output, require_apart
from tests.conftest import ROOT

HOLD = """
import pathlib, sys
from pipeline.files.places import locked_folder, locked_output
path = pathlib.Path(sys.argv[1])
with locked_folder(path, "work") if path.is_dir() else locked_output(path):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def hold():
    """A function that lets another process hold a path, and returns it."""
    processes = []

    def hold(path):
        process = subprocess.Popen([sys.executable, "-c", HOLD, path], cwd=ROOT, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


def test_a_held_folder_is_refused_for_the_same_purpose(tmp_path, hold):
    hold(tmp_path)
    with (
        pytest.raises(UserError, match="another run writes there already"),
        locked_folder(tmp_path, "work"),
    ):
        pytest.fail("the block must not run")
    with locked_folder(tmp_path, "other work"):
        pass


@pytest.mark.parametrize("name", ["x.csv", "n" * 251 + ".csv", os.fsdecode(b"\xff.csv")])
def test_a_held_file_is_refused_by_whatever_name(tmp_path, hold, name):
    (tmp_path / "link.csv").symlink_to(tmp_path / name)
    hold(tmp_path / name)
    for path in (tmp_path / name, tmp_path / "link.csv", tmp_path / ".." / tmp_path.name / name):
        with (
            pytest.raises(UserError, match="another run writes there already"),
            locked_output(path),
        ):
            pytest.fail("the block must not run")
    with locked_output(tmp_path / "other.csv"):
        pass


def test_a_killed_process_lets_go(tmp_path, hold):
    for path in (tmp_path, tmp_path / "x.csv"):
        process = hold(path)
        process.kill()
        process.wait()
    with locked_folder(tmp_path, "work"), locked_output(tmp_path / "x.csv"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_device_is_nobodys(tmp_path):
    with locked_output(Path("/dev/null")), locked_output(Path("/dev/null")):
        assert not os.path.exists("/dev/.null.lock")


def test_a_folder_that_is_not_there_or_refuses_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="no folder"), locked_output(tmp_path / "none" / "x.csv"):
        pytest.fail("the block must not run")


@pytest.fixture
def movie(tmp_path):
    (tmp_path / "movie.mp4").write_text("frames")
    return tmp_path / "movie.mp4"


def test_what_differs_is_taken(movie, tmp_path):
    require_apart([movie], [tmp_path / "x.mp4", tmp_path / "x.csv"])
    require_apart([movie, tmp_path / "none"], ["/dev/null", "/dev/null"])


@pytest.mark.parametrize("kind", ["name", "spelling", "symbolic link", "hard link", "folder link"])
def test_an_output_that_is_an_input_is_refused_by_whatever_name(movie, tmp_path, kind):
    output = {"name": movie, "spelling": tmp_path / ".." / tmp_path.name / "movie.mp4"}.get(
        kind, tmp_path / "other")
    if kind == "symbolic link":
        output.symlink_to(movie)
    elif kind == "hard link":
        os.link(movie, output)
    elif kind == "folder link":
        output.symlink_to(tmp_path)
        output /= "movie.mp4"
    with pytest.raises(UserError, match=r"the same as .*movie\.mp4, which is read"):
        require_apart([movie], [output])


def test_two_outputs_that_are_one_are_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "x.csv")
    for first, second in (("x.csv", "x.csv"), ("x.csv", "link"), ("link", "./x.csv")):
        with pytest.raises(UserError, match="which is written too"):
            require_apart([], [tmp_path / first, tmp_path / second])


def test_a_folder_that_is_read_is_none_to_write_to(tmp_path):
    with pytest.raises(UserError, match="which is read"):
        require_apart([tmp_path], [tmp_path / "."])
