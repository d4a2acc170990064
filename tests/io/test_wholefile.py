import pytest

from pipeline.errors import UserError
from pipeline.io.wholefile import growing_file, whole_file


def test_a_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with whole_file(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path, interruption):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(interruption), whole_file(path) as partial:
        partial.write_text("half")
        raise interruption
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("opener", [whole_file, growing_file])
def test_a_missing_folder_is_a_user_error(tmp_path, opener):
    with pytest.raises(UserError, match="no folder"), opener(tmp_path / "none" / "file.txt"):
        pytest.fail("the block must not run")


def test_a_full_disk_is_a_user_error(tmp_path):
    with (
        pytest.raises(UserError, match="No space left"),
        whole_file(tmp_path / "file.txt"),
        open("/dev/full", "w") as full,
    ):
        full.write("x")
    assert not list(tmp_path.iterdir())


def test_a_growing_file_can_be_read_while_it_grows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with growing_file(path) as file:
        file.write("first\n")
        assert path.read_text() == "first\n"
        file.write("second\n")
    assert path.read_text() == "first\nsecond\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_growing_file_that_fails_gives_the_old_one_back(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with pytest.raises(ValueError), growing_file(path) as file:
        file.write("first\n")
        raise ValueError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
