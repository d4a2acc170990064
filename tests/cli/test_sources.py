"""What the detector takes its frames from, and the flags that have no effect there."""

import csv
import shutil

import pytest

from tests.conftest import SAMPLE_PICTURE, SAMPLE_VIDEO, fails_with, run_main


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def detector(*arguments, status=0):
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert process.returncode == status, process.stderr_text
    return process


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "c.png", "more/a.jpg"):
        shutil.copyfile(SAMPLE_PICTURE, folder / name)
    return folder


@pytest.mark.parametrize(("given", "names"), [
    (("a.jpg", "more"), ["a.jpg"]),  # one name twice
    (("a.jpg", "c.png"), ["a.jpg", "c.png"]),
    (("b.jpg", "more"), ["b.jpg", "a.jpg"]),
    (("*.jpg",), ["a.jpg", "b.jpg"]),
    (("*.png", "[ab].jpg"), ["c.png", "a.jpg", "b.jpg"])])
def test_several_pictures(pictures, tmp_path, given, names):
    paths = [pictures / name for name in given]
    if len(set(names)) < len(given):
        line = fails_with("emotion_detector.py", "--no-display", "--image", *paths)
        assert "has the name of" in line
        return
    detector("--image", *paths, "--csv", tmp_path / "x.csv", "--output", tmp_path / "copies")
    rows = rows_of(tmp_path / "x.csv")
    assert list(dict.fromkeys(row["file"] for row in rows)) == names
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == sorted(names)


def test_one_of_several_pictures_that_cannot_be_read_is_left_out(pictures, tmp_path):
    (pictures / "a.jpg").write_text("no picture")
    process = detector("--image", pictures / "a.jpg", pictures / "b.jpg", "--csv",
                       tmp_path / "x.csv", status=1)
    assert "a.jpg: cannot be read as a picture" in process.stderr_text
    assert {row["file"] for row in rows_of(tmp_path / "x.csv")} == {"b.jpg"}


@pytest.mark.parametrize(("flag", "what"), [("--image", "picture"), ("--video", "video file")])
def test_a_pattern_that_no_file_has_is_refused(pictures, flag, what):
    line = fails_with("emotion_detector.py", "--no-display", flag, pictures / "*.gif")
    assert f"*.gif: no such {what}" in line


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path):
    shutil.copyfile(SAMPLE_PICTURE, tmp_path / "[1].jpg")
    detector("--image", tmp_path / "[1].jpg", "--csv", tmp_path / "x.csv")
    assert rows_of(tmp_path / "x.csv")


def test_a_part_of_a_video_keeps_its_times(tmp_path):
    detector("--video", SAMPLE_VIDEO, "--start", "0:02", "--end", "3.5", "--smoothing", 0,
             "--csv", tmp_path / "part.csv", "--output", tmp_path / "part.mp4")
    assert {(row["frame"], row["seconds"]) for row in rows_of(tmp_path / "part.csv")} == {
        (str(number), f"{number / 20:.3f}") for number in range(40, 70)}
    from tests.detection.clips import times_of

    assert times_of(tmp_path / "part.mp4") == pytest.approx([n / 20 for n in range(30)], abs=0.001)


@pytest.mark.parametrize(("arguments", "message"), [
    (("--start", "1"), "--start has no effect on a camera"),
    (("--end", "1"), "--end has no effect on a camera"),
    (("--reconnect", "1"), "--reconnect has no effect on a camera"),
    (("--image", SAMPLE_PICTURE, "--start", "1"), "--start has no effect on pictures"),
    (("--image", SAMPLE_PICTURE, "--every", "2"), "--every has no effect on pictures"),
    (("--image", SAMPLE_PICTURE, "--smoothing", "1"), "--smoothing has no effect on pictures"),
    (("--video", SAMPLE_VIDEO, "--reconnect", "1"), "--reconnect has no effect on files"),
    (("--video", SAMPLE_VIDEO, "--start", "2", "--end", "0:02"), "not after --start")], ids=str)
def test_a_flag_without_an_effect_is_refused(arguments, message):
    assert message in fails_with("emotion_detector.py", "--no-display", *arguments)


@pytest.mark.parametrize("time", ["", "-1", "1:60", "1:60:00", "0:1:2:3", "x", "nan", "1e3", "1:"])
def test_a_time_that_is_none_is_refused(time):
    process = run_main("emotion_detector.py", "--video", SAMPLE_VIDEO, f"--start={time}")
    assert process.returncode == 2 and "expected seconds or h:mm:ss" in process.stderr_text
