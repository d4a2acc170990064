"""The table, what stands beside it, and the summary that ends a run."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from config import emotion_config as config
from tests.conftest import (
    CASCADE,
    MODEL,
    ROOT,
    SAMPLE_PICTURE,
    SAMPLE_VIDEO,
    environment,
    run_main,
)
from tests.detection.clips import at_rate, sample_images, write_clip

EMOTIONS = config.CLASS_NAMES[6]
BOX = ("face", "x", "y", "width", "height", *EMOTIONS, "emotion")


def detect(*arguments, status=0):
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert process.returncode == status, process.stderr_text
    return process


def rows_of(path, delimiter=","):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def summary(process):
    """Return the rows of the table that ends a run."""
    rows = [line.split("│")[1:3] for line in process.stdout_text.splitlines() if "│" in line]
    return {name.strip(): value.strip() for name, value in rows}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A second of nobody, two of two people, half a second of nobody, at 20 frames a second."""
    people = sample_images()[80:120]
    nobody = np.full_like(people[0], 100)
    pictures = [nobody] * 20 + people + [nobody] * 10
    return write_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", at_rate(70), pictures)


@pytest.fixture(scope="module")
def run(clip, tmp_path_factory):
    """The folder and the process of a run over the clip."""
    folder = tmp_path_factory.mktemp("run")
    return folder, detect("--video", clip, "--model", MODEL, "--cascade", CASCADE,
                          "--csv", folder / "talk.csv", "--timeline", folder / "talk.svg")


def test_every_frame_has_a_row_also_without_a_face(run):
    rows = rows_of(run[0] / "talk.csv")
    empty = [row for row in rows if not row["face"]]
    assert [int(row["frame"]) for row in empty] == [*range(20), *range(60, 70)]
    assert all(row[name] == "" for row in empty for name in BOX)
    assert all(row[name] for row in rows if row["face"] for name in BOX)
    assert sorted({int(row["frame"]) for row in rows}) == list(range(70))
    assert {row["seconds"] for row in rows} == {f"{frame / 20:.3f}" for frame in range(70)}


def test_the_sidecar_says_what_each_column_is(run):
    sidecar = json.loads((run[0] / "talk.json").read_text())
    columns = sidecar["columns"]
    with open(run[0] / "talk.csv", newline="") as file:
        assert list(columns) == next(csv.reader(file))
    units = {name: column.get("Units") for name, column in columns.items()}
    assert units == {"frame": None, "face": None, "emotion": None, "seconds": "s",
                     **dict.fromkeys(("x", "y", "width", "height"), "pixel"),
                     **dict.fromkeys(EMOTIONS, "1")}
    assert "upper left corner" in columns["x"]["Description"]
    assert "time constant of 0.14 s" in columns["happy"]["Description"]
    assert sidecar["table"] == "talk.csv"


def test_the_sidecar_says_how_the_table_came_about(run, clip):
    sidecar = json.loads((run[0] / "talk.json").read_text())
    assert sidecar["source"] == {
        "name": str(clip), "bytes": clip.stat().st_size, "width": 432, "height": 240,
        "frames_per_second": 20, "seconds": 3.5, "frames": 70, "frames_without_a_face": 30,
        "left_out": {}}
    assert sidecar["model"] == {
        "file": "model.hdf5", "sha256": hashlib.sha256(MODEL.read_bytes()).hexdigest(),
        "precision": "int8", "looks": ["face", "mirror image"]}
    detector = sidecar["face_detector"]
    assert detector["name"] == "cascade"
    assert detector["files"][0] == {
        "file": CASCADE.name, "sha256": hashlib.sha256(CASCADE.read_bytes()).hexdigest()}
    assert sidecar["settings"] == {
        "smoothing": 0.14, "least_confidence": 0, "faces": "all", "detection_width": 300,
        "min_face": 30, "full_scan_every": 0.5, "every": 1, "start": 0, "end": None,
        "max_frames": None}
    assert sidecar["command"].startswith("python ") and "--csv" in sidecar["command"]
    assert sidecar["version"]


def test_the_sidecar_sums_up_each_face(run):
    rows = [row for row in rows_of(run[0] / "talk.csv") if row["face"]]
    faces = json.loads((run[0] / "talk.json").read_text())["faces"]
    assert [face["face"] for face in faces] == [1, 2]
    for face in faces:
        its = [row for row in rows if int(row["face"]) == face["face"]]
        assert face["frames"] == len(its)
        assert (face["first_second"], face["last_second"]) == (
            float(its[0]["seconds"]), float(its[-1]["seconds"]))
        assert face["seconds_in_sight"] == pytest.approx(len(its) / 20, abs=1e-3)
        for name in EMOTIONS:
            assert face["mean_probability"][name] == pytest.approx(
                np.mean([float(row[name]) for row in its]), abs=2e-4)
            share = np.mean([row["emotion"] == name for row in its])
            assert face["share_of_frames"].get(name, 0) == pytest.approx(share, abs=1e-4)


def test_the_summary_has_a_row_for_each_face(run):
    rows = summary(run[1])
    assert (rows["frames"], rows["with a face"], rows["without a face"]) == ("70", "40", "30")
    assert rows["faces: 2"] == "share of the face's frames"
    assert rows["face 1, 2.0 s"].startswith("neutral") and rows["face 2, 2.0 s"] == "happy 100%"
    assert rows["emotions by"] == "model.hdf5" and rows["computed in"] == "int8"


def test_the_summary_counts_the_faces_beyond_six(tmp_path):
    left, right = ([np.ascontiguousarray(image[:, columns]) for image in sample_images()[100:112]]
                   for columns in (slice(0, 216), slice(216, 432)))
    pictures = (left + right) * 4  # at each cut the face is a new one
    clip = write_clip(tmp_path / "x.mp4", at_rate(len(pictures)), pictures)
    rows = summary(detect("--video", clip, "--csv", tmp_path / "x.csv"))
    faces = {row["face"] for row in rows_of(tmp_path / "x.csv")}
    assert len(faces) >= 8
    assert f"faces: {len(faces)}" in rows and f"and {len(faces) - 6} more" in rows
    assert sum(name.startswith("face ") for name in rows) == 6


def test_one_picture_has_a_row_for_each_face(tmp_path):
    rows = summary(detect("--image", SAMPLE_PICTURE, "--csv", tmp_path / "x.csv"))
    table = rows_of(tmp_path / "x.csv")
    assert rows["faces: 2"] == "probability"
    for number, row in enumerate(table, start=1):
        assert rows[f"face {number}"] == f"{row['emotion']} {float(row[row['emotion']]):.0%}"


def test_several_pictures_have_shares_of_all_faces(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(SAMPLE_PICTURE, tmp_path / name)
    rows = summary(detect("--image", tmp_path, "--csv", tmp_path / "x.csv"))
    assert rows["faces: 4"] == "share of the faces"
    assert (rows["neutral"], rows["happy"]) == ("50%", "50%")
    sidecar = json.loads((tmp_path / "x.json").read_text())
    assert [face["file"] for face in sidecar["faces"]] == ["a.jpg"] * 2 + ["b.jpg"] * 2
    assert next(iter(sidecar["columns"])) == "file" and "seconds" not in sidecar["source"]
    assert "not smoothed" in sidecar["columns"]["happy"]["Description"]


def test_without_smoothing_the_sidecar_says_so(tmp_path):
    detect("--video", SAMPLE_VIDEO, "--max-frames", 2, "--smoothing", 0, "--precision", "float32",
           "--csv", tmp_path / "x.csv")
    sidecar = json.loads((tmp_path / "x.json").read_text())
    assert "not smoothed" in sidecar["columns"]["sad"]["Description"]
    assert sidecar["settings"]["smoothing"] == 0 and sidecar["model"]["precision"] == "float32"


def test_what_was_left_out_is_in_the_sidecar(tmp_path):
    (tmp_path / "in").mkdir()
    shutil.copy(SAMPLE_PICTURE, tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "b.jpg").write_text("not a picture")
    detect("--image", tmp_path / "in", "--csv", tmp_path / "x.csv", status=1)
    sidecar = json.loads((tmp_path / "x.json").read_text())
    assert sidecar["source"]["left_out"] == {"pictures that cannot be read": 1}


def test_another_programs_json_is_not_overwritten(tmp_path):
    (tmp_path / "x.json").write_text('{"mine": 1}')
    line = detect("--image", SAMPLE_PICTURE, "--csv", tmp_path / "x.csv", status=2).stderr_text
    assert "x.json: is another program's" in line and line.count("\n") == 1
    assert (tmp_path / "x.json").read_text() == '{"mine": 1}'
    assert not (tmp_path / "x.csv").exists()
    for _ in range(2):  # one of ours is
        detect("--image", SAMPLE_PICTURE, "--csv", tmp_path / "y.csv")


def test_a_tsv_has_tabs(tmp_path):
    detect("--image", SAMPLE_PICTURE, "--csv", tmp_path / "x.TSV")
    assert [row["face"] for row in rows_of(tmp_path / "x.TSV", "\t")] == ["1", "2"]
    assert (tmp_path / "x.json").is_file()


@pytest.mark.parametrize("name", ["x.txt", "x", "x.mp4"])
def test_another_suffix_is_refused(tmp_path, name):
    line = detect("--image", SAMPLE_PICTURE, "--csv", tmp_path / name, status=2).stderr_text
    assert "no table is written with this suffix; expected .csv, .tsv" in line
    assert not list(tmp_path.iterdir())


def test_pictures_have_no_timeline(tmp_path):
    line = detect("--image", SAMPLE_PICTURE, "--timeline", tmp_path / "x.png",
                  status=2).stderr_text
    assert "--timeline is for videos" in line and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["x.jpg", "x.webp", "x"])
def test_a_timeline_has_one_of_three_suffixes(tmp_path, name):
    line = detect("--video", SAMPLE_VIDEO, "--timeline", tmp_path / name, status=2).stderr_text
    assert "expected .png, .pdf, .svg" in line and not list(tmp_path.iterdir())


def on_stdout(target, *arguments, **options):
    return subprocess.run(
        [sys.executable, ROOT / "emotion_detector.py", "--no-display", "--video", SAMPLE_VIDEO,
         "--max-frames", "3", *arguments], stdout=target, stderr=subprocess.PIPE, text=True,
        env=environment(), **options)


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_has_the_table_alone(tmp_path, name):
    process = on_stdout(subprocess.PIPE, "--csv", name, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    rows = list(csv.DictReader(process.stdout.splitlines()))
    assert [row["frame"] for row in rows] == ["0", "1", "2"]
    assert "frames a second" in process.stderr and not list(tmp_path.iterdir())


def test_standard_output_may_be_a_file_with_something_in_it(tmp_path):
    (tmp_path / "x.csv").write_text("earlier\n")
    with open(tmp_path / "x.csv", "a") as file:
        assert on_stdout(file, "--csv", "-").returncode == 0
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "earlier" and lines[1].startswith("frame,seconds") and len(lines) == 5


def test_tables_of_several_videos_do_not_go_to_standard_output(tmp_path):
    shutil.copy(SAMPLE_VIDEO, tmp_path / "a.mp4")
    line = detect("--video", SAMPLE_VIDEO, tmp_path / "a.mp4", "--csv", "-", status=2).stderr_text
    assert "cannot be created as a folder" in line
    assert os.listdir(tmp_path) == ["a.mp4"]
