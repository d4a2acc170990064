"""Several videos in one go."""

import csv
import shutil
import signal
import time

import pytest

from tests.conftest import SAMPLE_PICTURE, SAMPLE_VIDEO, run_main, start_script
from tests.detection.clips import at_rate, write_clip

FRAMES = 6


def detect(*arguments, status=0):
    process = run_main("emotion_detector.py", "--no-display", "--max-frames", FRAMES, *arguments)
    assert process.returncode == status, process.stderr_text
    return process


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")
                  if path.is_file())


@pytest.fixture
def talks(tmp_path):
    folder = tmp_path / "talks"
    (folder / "more").mkdir(parents=True)
    for name in ("a.mp4", "b.MP4", "more/a.mp4"):
        shutil.copy(SAMPLE_VIDEO, folder / name)
    return folder


def test_a_folder_with_one_that_fails(talks, tmp_path):
    (talks / "broken.mov").write_text("not a video")
    (talks / "notes.txt").touch()
    shutil.copy(SAMPLE_VIDEO, talks / ".hidden.mp4")
    out = tmp_path / "out"
    process = detect("--video", talks, "--csv", out, "--output", out / "annotated", "--timeline",
                     out, status=1)
    assert files_in(out) == ["a.csv", "a.json", "a.png", "annotated/a.mp4", "annotated/b.MP4",
                             "annotated/more/a.mp4", "b.csv", "b.json", "b.png", "more/a.csv",
                             "more/a.json", "more/a.png"]
    for table in ("a.csv", "b.csv", "more/a.csv"):  # each begins with its own first face
        rows = rows_of(out / table)
        assert {row["face"] for row in rows} == {"1"} and len(rows) == FRAMES
    assert rows_of(out / "a.csv") == rows_of(out / "more" / "a.csv")
    line, = process.stderr_text.splitlines()
    assert "broken.mov: cannot be read as a video" in line
    assert "3 of 4 videos analysed, 1 failed" in process.stdout_text
    assert "other files: 1 .txt" in process.stdout_text


def test_several_files_of_which_one_is_not_there(talks, tmp_path):
    process = detect("--video", talks / "a.mp4", talks / "none.mp4", talks / "b.MP4", "--csv",
                     tmp_path / "out", status=1)
    assert files_in(tmp_path / "out") == ["a.csv", "a.json", "b.csv", "b.json"]
    assert process.stderr_text.count("\n") == 1 and "none.mp4: no such" in process.stderr_text
    detect("--video", talks / "none.mp4", talks / "neither.mp4", "--csv", tmp_path / "out",
           status=2)


def test_videos_that_differ_in_their_suffix_have_results_of_their_own(talks, tmp_path):
    shutil.copy(SAMPLE_VIDEO, talks / "a.m4v")
    detect("--video", talks / "a.m4v", talks / "a.mp4", "--csv", tmp_path, "--output",
           tmp_path / "annotated")
    assert files_in(tmp_path / "annotated") == ["a.m4v.mp4", "a.mp4"]
    assert {"a.m4v.csv", "a.m4v.json", "a.mp4.csv", "a.mp4.json"} <= set(files_in(tmp_path))


def test_one_video_into_a_folder(talks, tmp_path):
    detect("--video", talks / "a.mp4", "--csv", f"{tmp_path / 'new'}/")
    detect("--video", talks / "b.MP4", "--csv", tmp_path / "new")
    assert files_in(tmp_path / "new") == ["a.csv", "a.json", "b.csv", "b.json"]


def test_no_video_of_the_users_is_overwritten(talks, tmp_path):
    before = {name: (talks / name).read_bytes() for name in files_in(talks)}
    (tmp_path / "link").symlink_to(talks)
    for arguments in (
        ("--video", talks, "--output", talks),
        ("--video", talks, "--output", tmp_path / "link"),
        ("--video", talks / "a.mp4", "--output", tmp_path / "link" / "a.mp4"),
        ("--video", talks / "a.mp4", "--csv", talks / "a.mp4"),
        ("--video", f"file://{talks / 'a.mp4'}", "--csv", talks / "a.mp4"),
        ("--video", talks / "a.mp4", talks / "more" / "a.mp4", "--csv", tmp_path / "out"),
        ("--video", talks / "a.mp4", "--csv", tmp_path / "x.csv", "--timeline",
         tmp_path / "." / "x.csv"),
    ):
        assert detect(*arguments, status=2).stderr_text.count("\n") == 1
    assert {name: (talks / name).read_bytes() for name in files_in(talks)} == before


def test_a_stopped_batch_goes_on_where_it_was(tmp_path):
    talks, out = tmp_path / "talks", tmp_path / "out"
    talks.mkdir()
    write_clip(talks / "a.mp4", at_rate(20))
    shutil.copy(SAMPLE_VIDEO, talks / "b.mp4")
    shutil.copy(talks / "a.mp4", talks / "c.mp4")
    arguments = ["--video", talks, "--csv", out, "--skip-existing"]
    process = start_script("emotion_detector.py", "--no-display", *arguments)
    while process.poll() is None and not list(out.glob("b.partial.csv")):
        time.sleep(0.01)
    while process.poll() is None and not (out / "b.partial.csv").stat().st_size:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert len({row["frame"] for row in rows_of(out / "a.csv")}) == 20
    part = rows_of(out / "b.csv")
    assert 0 <= int(part[-1]["frame"]) < 119
    assert files_in(out) == [".b.csv.unfinished", ".b.json.unfinished", "a.csv", "a.json",
                             "b.csv", "b.json"]

    first = (out / "a.csv").stat().st_mtime_ns
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert "2 of 2 videos analysed, 0 failed, 1 left out" in process.stdout_text
    assert files_in(out) == ["a.csv", "a.json", "b.csv", "b.json", "c.csv", "c.json"]
    assert (out / "a.csv").stat().st_mtime_ns == first
    assert len({row["frame"] for row in rows_of(out / "b.csv")}) == 120
    assert rows_of(out / "a.csv") == rows_of(out / "c.csv")


def test_a_video_that_is_left_out_is_told(talks, tmp_path):
    arguments = "--video", talks / "a.mp4", "--csv", tmp_path / "x.csv"
    detect(*arguments)
    process = detect(*arguments, "--skip-existing")
    assert process.stdout_text == "0 of 0 videos analysed, 0 failed, 1 left out with complete " \
        "results\n"


def test_skipping_is_for_videos_with_results(tmp_path):
    for arguments in (("--image", SAMPLE_PICTURE, "--csv", tmp_path / "x.csv"),
                      ("--video", SAMPLE_VIDEO), ()):
        line = detect("--skip-existing", *arguments, status=2).stderr_text
        assert "--skip-existing is for --video with --output, --csv, --timeline or --page" in line
