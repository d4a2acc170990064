"""Folders of pictures as people have them, through the whole detector."""

import csv
import os

import pytest
from PIL import Image

from tests.conftest import SAMPLE_PICTURE, run_main

PICTURE = Image.open(SAMPLE_PICTURE).crop((0, 0, 216, 240))  # one face

NAMES = ["a b.jpg", ":smile: [bold]x[red].jpg", "tab\tand\nline.jpg", "esc\x1b[31m.jpg",
         os.fsdecode(b"not \xff utf-8.jpg"), "=1+1.jpg", "+1.jpg", "-1.jpg", "@x.jpg", "\tx.jpg",
         "\rx.jpg", "ünï 🙂.jpg", "x" * 251 + ".jpg", "turn\u202egpj.jpg"]


def detect(*arguments, status=0):
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert process.returncode == status, process.stderr_text
    return process


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "nested" / "deep").mkdir(parents=True)
    return tmp_path / "in"


def test_a_folder_as_people_have_it(folder, tmp_path):
    for name in ("a.jpg", "B.JPG", "nested/c.png", "nested/deep/d.webp", "e.avif"):
        PICTURE.convert("RGB").save(folder / name)
    PICTURE.convert("L").save(folder / "gray.pgm")
    PICTURE.convert("L").save(folder / "a.pgm")  # whose copy would be a.png
    PICTURE.save(folder / "a.png")
    for hidden in (".hidden.jpg", "._a.jpg", "nested/._c.png"):
        (folder / hidden).write_bytes(b"a resource fork")
    (folder / ".thumbnails").mkdir()
    PICTURE.save(folder / ".thumbnails" / "a.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    whole = (folder / "a.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[:len(whole) * 4 // 5])
    (folder / "empty.png").touch()
    os.mkfifo(folder / "pipe.jpg")
    (folder / "dangling.jpg").symlink_to("nowhere")
    (folder / "notes.TXT").touch()
    (folder / "more.txt").touch()
    (folder / "LICENSE").touch()
    (folder / "nested" / "back").symlink_to(folder)
    Image.new("RGB", (300, 200)).save(folder / "nobody.png")

    process = detect("--image", folder, "--output", tmp_path / "out", "--csv", tmp_path / "x.csv",
                     status=1)

    rows = rows_of(tmp_path / "x.csv")
    whole = ["B.JPG", "a.jpg", "a.pgm", "a.png", "cut.jpg", "e.avif", "gray.pgm",
             "nested/c.png", "nested/deep/d.webp"]
    assert sorted(row["file"] for row in rows) == sorted([*whole, "nobody.png"])
    assert all(bool(row["face"]) == (row["file"] != "nobody.png") for row in rows)
    assert {row["x"] for row in rows if row["file"] == "nobody.png"} == {""}
    copies = {path.relative_to(tmp_path / "out").as_posix()
              for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert copies == {"B.JPG", "a.jpg", "a.pgm.png", "a.png", "cut.jpg", "e.avif", "gray.png",
                      "nested/c.png", "nested/deep/d.webp", "nobody.png"}
    assert Image.open(tmp_path / "out" / "nested" / "c.png").size == PICTURE.size
    lines = process.stderr_text.splitlines()
    assert len(lines) == 5
    for name in ("broken.jpg", "cut.jpg", "empty.png", "pipe.jpg", "dangling.jpg"):
        assert sum(name in line for line in lines) == 1, name
    summary = [line.split() for line in process.stdout_text.splitlines()]
    assert [*["│", "pictures", "that", "cannot", "be", "read", "│", "4", "│"]] in summary
    assert [*["│", "pictures", "that", "break", "off", "│", "1", "│"]] in summary
    assert [*["│", "other", "files:", ".txt", "│", "2", "│"]] in summary
    assert [*["│", "other", "files:", "no", "suffix", "│", "1", "│"]] in summary


def test_any_name_works(folder, tmp_path):
    for name in NAMES:
        PICTURE.convert("RGB").save(folder / "nested" / "x.jpg")
        os.replace(folder / "nested" / "x.jpg", folder / name)
    process = detect("--image", folder, "--output", tmp_path / "out", "--csv", tmp_path / "x.csv")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(NAMES)
    found = [row["file"] for row in rows_of(tmp_path / "x.csv")]
    assert len(set(found)) == len(NAMES)
    assert not any(name.startswith(("=", "+", "-", "@", "\t", "\r")) for name in found)
    assert {"'=1+1.jpg", "'+1.jpg", "'-1.jpg", "'@x.jpg", "'\tx.jpg", "'\rx.jpg",
            ":smile: [bold]x[red].jpg", "not \\xff utf-8.jpg", "ünï 🙂.jpg"} <= set(found)
    assert process.stderr_text == ""


def test_any_name_is_shown_as_it_is_or_escaped(folder, tmp_path):
    shown = [r"tab\tand\nline.jpg", r"esc\x1b[31m.jpg", r"\tx.jpg", r"\rx.jpg",
             r"turn\u202egpj.jpg", r"not \xff utf-8.jpg", ":smile: [bold]x[red].jpg", "ünï 🙂.jpg"]
    for name in NAMES:
        (folder / name).write_bytes(b"no picture")
    lines = detect("--image", folder, status=2).stderr_text.splitlines()
    assert len(lines) == len(NAMES) + 1
    for name in shown:
        assert sum(f"in/{name}: cannot be read as a picture" in line for line in lines) == 1, name
    for name, as_shown in ((NAMES[1], shown[6]), (NAMES[2], shown[0]), (NAMES[4], shown[5])):
        copied = tmp_path / name
        PICTURE.convert("RGB").save(tmp_path / "x.jpg")
        os.replace(tmp_path / "x.jpg", copied)
        process = detect("--image", copied, "--output", tmp_path / f"out {name}", "--csv",
                         tmp_path / f"{name}.csv")
        lines = process.stdout_text.splitlines()
        assert f"annotated: {tmp_path}/out {as_shown}" in lines
        assert f"emotions by face and frame: {tmp_path}/{as_shown}.csv" in lines
        assert rows_of(tmp_path / f"{name}.csv")[0]["face"] == "1"


def test_a_copy_that_cannot_be_written_costs_only_itself(folder, tmp_path):
    for name in ("a.jpg", "nested/b.jpg", "c.jpg"):
        PICTURE.convert("RGB").save(folder / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "nested").touch()  # a file where a folder is needed
    process = detect("--image", folder, "--output", tmp_path / "out", "--csv", tmp_path / "x.csv",
                     status=1)
    assert [row["file"] for row in rows_of(tmp_path / "x.csv")] == ["a.jpg", "c.jpg",
                                                                   "nested/b.jpg"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.jpg", "c.jpg", "nested"}
    assert process.stderr_text.count("\n") == 1 and "nested" in process.stderr_text
    assert "pictures that cannot be written" in process.stdout_text


def test_nothing_that_can_be_read_is_an_error_that_leaves_earlier_results(folder, tmp_path):
    (folder / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "x.csv").write_text("earlier")
    detect("--image", folder, "--csv", tmp_path / "x.csv", status=2)
    assert (tmp_path / "x.csv").read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.csv"]


def test_no_picture_of_the_users_is_overwritten(folder, tmp_path):
    for name in ("a.jpg", "nested/a.jpg"):
        PICTURE.convert("RGB").save(folder / name)
    before = {path: path.read_bytes() for path in folder.rglob("*.jpg")}
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / "a.jpg").symlink_to(folder / "a.jpg")
    for output in (folder, tmp_path / "link", folder / ".." / "in", tmp_path / "copies"):
        process = detect("--image", folder, "--output", output, status=2)
        assert "which is read; give another name" in process.stderr_text
    for picture in (folder / "a.jpg", tmp_path / "link" / "a.jpg"):
        detect("--image", picture, "--output", folder / "a.jpg", status=2)
    detect("--image", folder, "--csv", folder / "a.jpg", status=2)
    assert {path: path.read_bytes() for path in folder.rglob("*.jpg")} == before


def test_a_folder_of_copies_in_the_folder_is_no_source(folder):
    PICTURE.convert("RGB").save(folder / "a.jpg")
    for _ in range(2):
        detect("--image", folder, "--output", folder / "annotated", "--csv", folder / "x.csv")
        assert [row["file"] for row in rows_of(folder / "x.csv")] == ["a.jpg"]


def test_devices_are_written_to(folder):
    PICTURE.convert("RGB").save(folder / "a.jpg")
    for flag in ("--csv", "--output"):
        detect("--image", folder / "a.jpg", flag, "/dev/null")
    assert os.path.exists("/dev/null") and not os.path.isfile("/dev/null")


def test_pictures_of_any_shape(folder, tmp_path):
    for width, height in ((1000, 2), (2, 1000), (1, 1), (3000, 1), (23, 32)):
        Image.new("RGB", (width, height)).save(folder / f"{width}.png")
    detect("--image", folder, "--output", tmp_path / "out", "--csv", tmp_path / "x.csv")
    assert len(rows_of(tmp_path / "x.csv")) == 5
    assert Image.open(tmp_path / "out" / "1000.png").size == (1000, 2)
