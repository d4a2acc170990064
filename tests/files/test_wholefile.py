import os
import stat
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file, whole_file


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
    with growing_file(path) as growing, open(growing, "w", buffering=1) as file:
        file.write("first\n")
        assert (tmp_path / "rows.partial.csv").read_text() == "first\n"
        assert path.read_text() == "old"
        file.write("second\n")
    assert path.read_text() == "first\nsecond\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_growing_file_takes_its_place_however_the_block_ends(tmp_path, interruption):
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with pytest.raises(interruption), growing_file(path) as growing:
        growing.write_text("first\n")
        raise interruption
    assert path.read_text() == "first\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_growing_file_without_a_word_leaves_the_old_one(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with pytest.raises(ValueError), growing_file(path):
        raise ValueError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_replaced_by_the_next(tmp_path):
    path, left = tmp_path / "rows.csv", tmp_path / "rows.partial.csv"
    path.write_text("earlier")
    left.write_text("killed")
    with growing_file(path) as growing:
        growing.write_text("new")
        assert path.read_text() == "earlier"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("opener", [whole_file, growing_file])
def test_a_link_is_written_through(tmp_path, opener):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    for text in ("first", "second"):  # at first the link leads to a file that is not there
        with opener(link) as partial:
            partial.write_text(text)
        assert link.is_symlink() and target.read_text() == text
    assert list((tmp_path / "folder").iterdir()) == [target]


@pytest.mark.parametrize("opener", [whole_file, growing_file])
def test_a_device_or_pipe_is_written_to_and_never_replaced(tmp_path, opener):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("/dev/null"), pipe, Path("/dev/stdout")):
        with opener(path) as given:
            assert given == path
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("opener", [whole_file, growing_file])
def test_a_file_keeps_its_rights(tmp_path, opener):
    path = tmp_path / "private.csv"
    path.write_text("old")
    path.chmod(0o600)
    with opener(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("opener", [whole_file, growing_file])
def test_a_folder_is_no_file_to_write(tmp_path, opener):
    with pytest.raises(UserError, match="a folder, expected a file"), opener(tmp_path):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("opener", [whole_file, growing_file])
@pytest.mark.parametrize("name", ["n" * 251 + ".txt", "ü" * 125 + ".txt", "[b]:x.txt",
                                  os.fsdecode(b"\xff\xfe.txt"), "new\nline.txt"])
def test_any_name_works(tmp_path, opener, name):
    path = tmp_path / name
    with opener(path) as partial:
        partial.write_text("new")
        assert partial.parent == tmp_path and partial != path and partial.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
