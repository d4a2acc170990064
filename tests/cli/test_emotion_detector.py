import csv
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import numpy as np
import pytest

from tests.conftest import (
    ROOT,
    SAMPLE_PICTURE,
    SAMPLE_VIDEO,
    environment,
    fails_with,
    made_once,
    run_main,
    start_script,
)
from tests.detection.clips import at_rate, sample_images, write_clip
from tests.torture import stop_detector

EMOTIONS = ["angry", "fear", "happy", "sad", "surprise", "neutral"]


def detector(*arguments, status=0):
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert process.returncode == status, process.stderr_text
    return process


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        read, frame = capture.read()
        if not read:
            return frames, capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame)


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory):
    """The folder of a run over the sample video with every output, and what it printed."""

    def run(folder):
        process = detector("--video", SAMPLE_VIDEO, "--output", folder / "x.mp4",
                           "--csv", folder / "x.csv", "--timeline", folder / "x.png")
        assert process.stderr_text == ""
        (folder / "stdout.txt").write_text(process.stdout_text)

    folder = made_once(tmp_path_factory, "sample_run", run)
    return folder, (folder / "stdout.txt").read_text()


def test_the_summary_is_the_readmes(sample_run):
    def table(text):
        rows = [line.split("│")[1:3] for line in text.splitlines() if "│" in line]
        return [[cell.strip() for cell in row] for row in rows]

    *printed, (rate, _) = table(sample_run[1])
    *expected, (its_rate, _) = table((ROOT / "README.md").read_text())
    assert printed == expected and rate == its_rate == "frames a second"


def test_a_face_is_found_in_nearly_every_frame(sample_run):
    folder, _ = sample_run
    frames, _ = frames_of(SAMPLE_VIDEO)
    with_face = {row["frame"] for row in rows_of(folder / "x.csv") if row["face"]}
    assert len(with_face) >= 0.98 * len(frames)


def test_the_csv_adds_up(sample_run):
    folder, printed = sample_run
    rows = rows_of(folder / "x.csv")
    assert list(rows[0]) == ["frame", "seconds", "face", "x", "y", "width", "height", *EMOTIONS,
                             "emotion"]
    for row in rows:
        assert sum(float(row[name]) for name in EMOTIONS) == pytest.approx(1, abs=1e-3)
        assert float(row["seconds"]) == pytest.approx(int(row["frame"]) / 20, abs=1e-3)
        assert 0 <= int(row["x"]) <= 432 - int(row["width"])
    keys = [(int(row["frame"]), row["face"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert [frame for frame, _ in keys] == sorted(frame for frame, _ in keys)
    # Two people: the astronaut comes in later and stays.
    counts = Counter(row["face"] for row in rows)
    assert len(counts) == 2 and min(counts.values()) > 40
    assert "faces: 2" in printed


def test_the_astronaut_smiles(sample_run):
    rows = [row for row in rows_of(sample_run[0] / "x.csv") if int(row["x"]) > 216]
    happy = [max(EMOTIONS, key=lambda name, row=row: float(row[name])) == "happy" for row in rows]
    assert np.mean(happy) > 0.9


def test_the_annotated_video_has_the_frames_size_and_rate_of_its_source(sample_run):
    frames, rate = frames_of(SAMPLE_VIDEO)
    annotated, annotated_rate = frames_of(sample_run[0] / "x.mp4")
    assert len(annotated) == len(frames) == 120
    assert annotated_rate == pytest.approx(rate)
    assert annotated[0].shape == frames[0].shape
    # The box's green, which the source does not have there, and the bars' corner.
    row = rows_of(sample_run[0] / "x.csv")[0]
    x, y, height = int(row["x"]), int(row["y"]), int(row["height"])
    edge = annotated[0][y + height // 2 - 5:y + height // 2 + 5, x].mean(axis=0)
    assert edge[1] > edge[0] + 40 and edge[1] > edge[2] + 40
    difference = cv2.absdiff(annotated[0], frames[0])
    assert difference[-90:, :100].mean() > 3


def test_the_timeline_is_a_picture(sample_run):
    assert cv2.imread(str(sample_run[0] / "x.png")).shape[1] > 1000


def test_a_picture(tmp_path):
    detector("--image", SAMPLE_PICTURE, "--output", tmp_path / "x.jpg", "--csv", tmp_path / "x.csv")
    rows = rows_of(tmp_path / "x.csv")
    assert [row["face"] for row in rows] == ["1", "2"]
    assert cv2.imread(str(tmp_path / "x.jpg")).shape == cv2.imread(str(SAMPLE_PICTURE)).shape


def test_a_folder_of_pictures_of_all_kinds(tmp_path):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    output.mkdir()
    image = cv2.imread(str(SAMPLE_PICTURE))
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    pictures = {
        "bgr.png": image,
        "bgra.png": cv2.cvtColor(image, cv2.COLOR_BGR2BGRA),
        "gray.png": gray,
        "gray16.png": gray.astype(np.uint16) * 257,
        "large.jpg": cv2.resize(image, (3840, 2133)),
        "point.png": image[:1, :1],
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(source / name), picture)
    (source / "notes.txt").write_text("not a picture")
    process = detector("--image", source, "--output", output, "--csv", tmp_path / "x.csv")
    assert {path.name for path in output.iterdir()} == set(pictures)
    faces = Counter(row["file"] for row in rows_of(tmp_path / "x.csv") if row["face"])
    assert faces == {name: 2 for name in pictures if name != "point.png"}
    without, = (row for row in rows_of(tmp_path / "x.csv") if not row["face"])
    assert (without["file"], without["x"], without["happy"]) == ("point.png", "", "")
    assert "other files: .txt" in process.stdout_text


def test_only_the_largest_face(tmp_path):
    detector("--image", SAMPLE_PICTURE, "--faces", "largest", "--csv", tmp_path / "x.csv")
    row, = rows_of(tmp_path / "x.csv")
    assert int(row["x"]) < 216


def test_largest_is_face_1_throughout_across_cuts_and_absences(tmp_path):
    images = sample_images()
    left, right = ([np.ascontiguousarray(image[:, columns]) for image in images[90:102]]
                   for columns in (slice(0, 216), slice(216, 432)))
    empty = [np.full_like(left[0], 120)] * 20
    pictures = left + empty + right + empty + left
    clip = write_clip(tmp_path / "x.mp4", at_rate(len(pictures)), pictures)
    detector("--video", clip, "--faces", "largest", "--csv", tmp_path / "x.csv")
    faces = [row["face"] for row in rows_of(tmp_path / "x.csv") if row["face"]]
    assert set(faces) == {"1"} and len(faces) == 36


def test_some_frames_only(tmp_path):
    detector("--video", SAMPLE_VIDEO, "--every", 4, "--max-frames", 10,
             "--csv", tmp_path / "x.csv", "--output", tmp_path / "x.avi")
    assert [int(row["frame"]) for row in rows_of(tmp_path / "x.csv")] == list(range(0, 40, 4))
    frames, rate = frames_of(tmp_path / "x.avi")
    assert len(frames) == 10 and rate == pytest.approx(5)


def test_ctrl_c_ends_it_with_every_file_complete(tmp_path):
    looped = tmp_path / "long.mp4"
    stop_detector.make_video(looped)
    process = start_script("emotion_detector.py", "--no-display", "--video", looped, "--output",
                           tmp_path / "x.mp4", "--csv", tmp_path / "x.csv")
    growing = tmp_path / "x.partial.csv"
    while process.poll() is None and not (growing.exists() and growing.stat().st_size > 2000):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "frames a second" in stdout
    annotated, _ = frames_of(tmp_path / "x.mp4")
    last = int(rows_of(tmp_path / "x.csv")[-1]["frame"])
    assert 0 < last < 120 * stop_detector.REPEATS - 1 and last <= len(annotated) <= last + 2


def test_a_phone_video_is_shown_upright(tmp_path):
    # The display matrix of an .mp4 header, from none to a quarter turn.
    straight = b"".join(value.to_bytes(4) for value in (1 << 16, 0, 0, 0, 1 << 16))
    turned = b"".join(value.to_bytes(4) for value in (0, 1 << 16, 0, 0xFFFF0000, 0))
    content = SAMPLE_VIDEO.read_bytes()
    header = content.index(b"tkhd")
    start = content.index(straight, header)
    (tmp_path / "phone.mp4").write_bytes(
        content[:start] + turned + content[start + len(turned):])
    detector("--video", tmp_path / "phone.mp4", "--max-frames", 3, "--output", tmp_path / "x.mp4")
    frames, _ = frames_of(tmp_path / "x.mp4")
    assert frames[0].shape == (432, 240, 3)


def test_a_video_with_a_broken_tail_keeps_what_was_read(tmp_path):
    frames, _ = frames_of(SAMPLE_VIDEO)
    whole = tmp_path / "whole.avi"
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter_fourcc(*"MJPG"), 20, (432, 240))
    for frame in frames:
        writer.write(frame)
    writer.release()
    broken = tmp_path / "broken.avi"
    broken.write_bytes(whole.read_bytes()[:whole.stat().st_size // 2])
    process = detector("--video", broken, "--csv", tmp_path / "x.csv", status=1)
    assert "breaks off after" in process.stderr_text
    assert int(rows_of(tmp_path / "x.csv")[-1]["frame"]) > 30


def test_what_cannot_be_opened_is_one_line(tmp_path):
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("not a video")
    (tmp_path / "folder").mkdir()
    truncated = tmp_path / "truncated.mp4"
    truncated.write_bytes(SAMPLE_VIDEO.read_bytes()[:200_000])
    for arguments, message in {
        ("--video", tmp_path / "none.mp4"): "no such video file",
        ("--video", empty): "an empty file",
        ("--video", text): "cannot be read as a video",
        ("--video", truncated): "cannot be read as a video",
        ("--camera", "77"): "camera 77 cannot be opened",
        ("--image", text): "cannot be read as a picture",
        ("--image", tmp_path / "none.png"): "no such picture",
        ("--image", tmp_path / "folder"): "no picture in this folder",
        ("--cascade", tmp_path / "none.xml"): "no such cascade file",
        ("--cascade", text): "not a cascade of OpenCV",
        ("--model", tmp_path / "none.hdf5"): "no such model file",
        ("--video", SAMPLE_VIDEO, "--model", text): "damaged, or not a model file",
        ("--video", SAMPLE_VIDEO, "--output", tmp_path / "none" / "x.mp4"): "create it",
        ("--video", SAMPLE_VIDEO, "--output", tmp_path / "x.txt"): "no codec for this suffix",
        ("--video", SAMPLE_VIDEO, "--csv", tmp_path / "none" / "x.csv"): "create it",
    }.items():
        line = fails_with("emotion_detector.py", "--no-display", *arguments)
        assert message in line, arguments


def test_no_display_is_one_line_and_not_an_abort():
    line = fails_with("emotion_detector.py", "--video", SAMPLE_VIDEO)
    assert "no display for the windows; give --no-display" in line


def test_a_full_disk_leaves_the_frames_that_were_written(tmp_path):
    # A file-size limit stands in for a full disk: 100 kB, the video needs more.
    video, table = tmp_path / "x.mp4", tmp_path / "x.csv"
    video.write_text("earlier video")
    command = ["bash", "-c", 'trap "" XFSZ; ulimit -f 100; exec "$@"', "-"]
    process = start_script_with(command, "--video", SAMPLE_VIDEO, "--output", video, "--csv", table)
    assert process.returncode == 1
    assert process.stderr.count("\n") == 1 and "x.mp4: cannot be written" in process.stderr
    frames, _ = frames_of(video)
    assert 10 < len(frames) < 120
    assert 0 < int(rows_of(table)[-1]["frame"]) <= 119
    results = {"x.mp4", "x.csv", "x.json"}
    assert {path.name for path in tmp_path.iterdir()} == results | {
        f".{name}.unfinished" for name in results}


def start_script_with(command, *arguments):
    return subprocess.run(
        [*command, sys.executable, ROOT / "emotion_detector.py", "--no-display",
         *map(str, arguments)],
        capture_output=True, text=True, env=environment())


def test_a_video_that_standard_input_cannot_give_is_one_line():
    with open(SAMPLE_VIDEO, "rb") as file:  # its index is at its end
        process = subprocess.run(
            [sys.executable, ROOT / "emotion_detector.py", "--no-display", "--video", "-"],
            stdin=file, capture_output=True, text=True, env=environment(), timeout=60)
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.count("\n") == 1 and "gives no frame: Invalid data" in process.stderr
