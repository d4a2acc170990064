"""What is finished stays, whatever ends a run; tests/torture/stop_detector.py has it at length."""

import csv
import signal
import time

import pytest
from PIL import Image

from tests.conftest import SAMPLE_PICTURE, fails_with, start_script
from tests.torture import stop_detector


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(300):
        (folder / f"{number:03}.jpg").hardlink_to(folder / "000.jpg") if number else Image.open(
            SAMPLE_PICTURE).save(folder / "000.jpg")
    return folder


@pytest.mark.parametrize(("what", "times"), [
    ("Ctrl-C", 2), ("SIGTERM", 1), ("SIGHUP", 1), ("SIGKILL", 1)])
def test_a_signal(what, times, pictures, tmp_path):
    process = stop_detector.start("pictures", pictures, tmp_path)
    stop_detector.wait_for_rows(process, tmp_path)
    rows = stop_detector.growing(tmp_path).read_bytes().count(b"\n") - 1
    number = stop_detector.STOPS[what]
    for _ in range(times):
        process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    if what == "SIGKILL":
        stop_detector.check_killed("pictures", tmp_path, pictures)
        return
    assert process.returncode == 128 + number
    assert stderr == "emotion_detector.py: stopped; what is finished is complete\n"
    assert "frames a second" in stdout
    stop_detector.check_stopped("pictures", tmp_path, rows)


def test_a_signal_in_the_start_ends_at_once(pictures, tmp_path):
    (tmp_path / "x.csv").write_text("earlier")
    process = start_script("emotion_detector.py", "--no-display", "--image", pictures, "--csv",
                           tmp_path / "x.csv")
    while "/cv2" not in maps_of(process.pid) and process.poll() is None:
        time.sleep(0.002)  # until it imports what is large
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 143
    assert stderr == "emotion_detector.py: stopped\n"
    assert (tmp_path / "x.csv").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def maps_of(pid):
    with open(f"/proc/{pid}/maps") as file:
        return file.read()


def test_a_second_run_with_the_same_output_is_refused(pictures, tmp_path):
    first = stop_detector.start("pictures", pictures, tmp_path)
    stop_detector.wait_for_rows(first, tmp_path)
    (tmp_path / "link.csv").symlink_to(tmp_path / "x.csv")
    for flag, name in (("--csv", "x.csv"), ("--csv", "link.csv"), ("--output", "copies")):
        line = fails_with("emotion_detector.py", "--no-display", "--image", SAMPLE_PICTURE if
                          flag == "--csv" else pictures, flag, tmp_path / name)
        assert "another run writes there already" in line
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    with open(tmp_path / "x.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) > 0
