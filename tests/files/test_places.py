import os

import pytest

from pipeline.errors import UserError
from pipeline.files.places import require_apart


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
