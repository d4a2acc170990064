import re
from types import SimpleNamespace

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest

from config.emotion_config import CLASS_NAMES
from pipeline.detection.faces.facetracker import Face
from pipeline.detection.outputs.drawing import colors_of
from pipeline.detection.outputs.runsummary import FaceStatistics
from pipeline.detection.outputs.timeline import MOST_COLUMNS, Timeline, mark_time, title
from pipeline.detection.sources.frame import Frame

GRAY = np.zeros((9, 16, 3), np.uint8)
NAMES = (
    *CLASS_NAMES.values(),
    ("angry", "bored", "contempt"),
    ("cost_$x^$", "_first", "100 %", "[red]", r"\alpha"),
    ("müde", "грусть", "怒り", "sad"),
    tuple(f"class {number}" for number in range(20)),
)


@pytest.fixture(autouse=True)
def no_figure_stays_open_and_nothing_is_said(recwarn):
    yield
    assert not plt.get_fignums()
    assert not [warning.message for warning in recwarn
                if not issubclass(warning.category, DeprecationWarning)]


def timeline_of(times, faces_at, rate=20, names=("happy", "sad"), title="talk.mp4"):
    """Return a Timeline of frames at times; faces_at: a function to {number: probabilities}."""
    statistics = FaceStatistics(rate)
    timeline = Timeline(SimpleNamespace(statistics=statistics, class_names=names, title=title))
    for index, seconds in enumerate(times):
        frame = Frame(GRAY, index, seconds, "talk.mp4")
        faces = [Face(number, (0, 0, 5, 5), np.float32(values), "happy")
                 for number, values in faces_at(seconds).items()]
        statistics.write(frame, faces)
        timeline.write(frame, faces)
    return timeline


def text_of(timeline, path):
    """Return the texts of the timeline's .svg, and its panels' labels."""
    plt.rcParams["svg.fonttype"] = "none"
    timeline.save(path)
    return re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text())


@pytest.mark.parametrize("names", NAMES, ids=len)
def test_there_is_an_area_for_every_class_whatever_its_name(tmp_path, names):
    equal = np.full(len(names), 1 / len(names))
    timeline_of(np.arange(20) / 10, lambda _: {1: equal}, names=names, title="$x$").save(
        tmp_path / "x.png")
    picture = cv2.imread(str(tmp_path / "x.png"))[..., ::-1]
    found = {"#" + bytes(color).hex() for color in picture[:, picture.shape[1] // 3]}
    assert set(colors_of(names)) <= found


def test_the_faces_with_the_most_seconds_are_shown_and_the_others_counted(tmp_path):
    # Faces 1 to 9 are seen in turn, the later ones for longer; frames 1 to 4 count for a second
    # each, and there is nobody in the end.
    ends = np.cumsum(np.arange(1, 10))
    timeline = timeline_of(np.arange(0, 60, 0.5), lambda seconds: {
        int(np.searchsorted(ends, seconds, side="right")) + 1: (1, 0)} if seconds < 45 else {})
    text = text_of(timeline, tmp_path / "x.svg")
    assert [word for word in text if word.startswith("face ")] == [
        f"face {number}" for number in range(4, 10)]
    assert "talk.mp4: the 6 of 9 faces that were in sight longest" in text


def test_seconds_count_and_not_frames():
    # Face 1 is in 100 frames of 0.01 s, each other one in a frame of a second.
    times = [*np.arange(100) / 100, *range(1, 9)]
    timeline = timeline_of(times, lambda seconds: {
        1 if seconds < 1 else int(seconds) + 1: (1, 0)}, rate=100)
    faces = timeline._summary.statistics.faces
    assert faces[1].seconds == pytest.approx(1) and faces[5].seconds == pytest.approx(1)


def test_the_time_without_a_face_is_empty():
    timeline = timeline_of(np.arange(0, 10, 0.1), lambda seconds: (
        {1: (0.25, 0.75)} if 2 <= seconds < 3 else {}), rate=10)
    edges = timeline.edges()
    columns = timeline.columns(1, edges)
    assert (edges[0], edges[-1]) == (0, pytest.approx(10))
    seen = ~np.isnan(columns[:, 0])
    assert seen.sum() == 10 and (edges[:-1][seen] >= 1.99).all()
    assert columns[seen] == pytest.approx(np.tile((0.25, 0.75), (10, 1)))


def test_many_frames_become_columns_of_means():
    timeline = timeline_of(np.arange(0, 600, 0.05), lambda seconds: {
        1: (seconds / 600, 1 - seconds / 600)} if seconds < 300 else {})
    edges = timeline.edges()
    columns = timeline.columns(1, edges)
    assert len(edges) == MOST_COLUMNS + 1 and edges[-1] == pytest.approx(600)
    half = MOST_COLUMNS // 2
    assert columns[:half, 0] == pytest.approx((edges[:half] + 0.275) / 600, abs=1e-3)
    assert np.isnan(columns[half:]).all()


@pytest.mark.parametrize(("last", "label", "ticks"), [
    (6, "seconds", ("0", "0.5", "6")), (59, "seconds", ("0", "5", "55")),
    (60, "minutes:seconds", ("0:00", "0:05", "1:00")),
    (600, "minutes:seconds", ("0:00", "1:00", "10:00")),
    (5400, "hours:minutes:seconds", ("0:00:00", "0:10:00", "1:30:00"))])
def test_the_time_has_minutes_and_hours_where_there_are_some(last, label, ticks):
    figure, axis = plt.subplots()
    mark_time(axis, 0, last)
    figure.canvas.draw()
    shown = [text.get_text() for text in axis.get_xticklabels()
             if 0 <= text.get_position()[0] <= last]
    assert axis.get_xlabel() == label
    assert shown[:2] == list(ticks[:2]) and shown[-1] == ticks[2] and len(shown) <= 13
    plt.close(figure)


def test_titles():
    assert title("a.mp4", 0, 0) == "a.mp4: no face was found"
    assert title("a.mp4", 1, 1) == "a.mp4: 1 face"
    assert title("a.mp4", 6, 1200) == "a.mp4: the 6 of 1,200 faces that were in sight longest"


def test_a_video_without_a_face_has_a_timeline(tmp_path):
    timeline = timeline_of(np.arange(10), lambda _: {})
    assert "talk.mp4: no face was found" in text_of(timeline, tmp_path / "x.svg")


@pytest.mark.parametrize(("suffix", "start"), [
    (".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_the_suffix_is_the_format(tmp_path, suffix, start):
    timeline = timeline_of(np.arange(10), lambda _: {1: (0.5, 0.5)})
    timeline.save(tmp_path / f"x{suffix}")
    assert (tmp_path / f"x{suffix}").read_bytes().startswith(start)
