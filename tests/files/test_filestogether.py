import pytest

from pipeline.files.filestogether import LIST, finish_replacing, replaced_together
from pipeline.files.wholefile import whole_file

NAMES = ("train.txt", "val.txt", "test.txt")


def write(folder, text, *, failing=None):
    with replaced_together(folder) as together:
        for name in NAMES:
            with whole_file(folder / name, together) as partial:
                partial.write_text(text)
        if failing:
            raise failing


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_all_files_are_new_or_all_are_old(tmp_path):
    write(tmp_path, "old")
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "new", failing=KeyboardInterrupt())
    assert contents(tmp_path) == dict.fromkeys(NAMES, "old")
    write(tmp_path, "new")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "new")


def test_a_kill_between_two_is_made_good_at_the_next_look(tmp_path, monkeypatch):
    write(tmp_path, "old")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pipeline.files.filestogether.put", stop_at("val.txt"))
        write(tmp_path, "new")
    assert (tmp_path / LIST).exists() and (tmp_path / "val.txt").read_text() == "old"
    finish_replacing(tmp_path)
    assert contents(tmp_path) == dict.fromkeys(NAMES, "new")


def stop_at(name):
    from pipeline.files.filestogether import put

    def stopping_put(partial, place):
        if place.name == name:
            raise KeyboardInterrupt
        put(partial, place)

    return stopping_put


def test_a_list_leads_nowhere_else(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / ".secret.partial.txt").write_text("theirs")
    (tmp_path / "secret.txt").write_text("mine")
    (folder / LIST).write_text("../secret.txt")
    finish_replacing(folder)
    assert (tmp_path / "secret.txt").read_text() == "mine"
