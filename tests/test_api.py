import csv
import inspect
import os
import pickle
import re
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image

import emotion_detector
from config import emotion_config as config
from pipeline import api
from pipeline.api import EmotionDetector, Faces, draw
from pipeline.errors import UserError
from tests.conftest import CASCADE, MODEL, ROOT, SAMPLE_PICTURE, SAMPLE_VIDEO, environment, run_main
from tests.detection.clips import at_rate, sample_images, write_clip

RGB = np.asarray(Image.open(SAMPLE_PICTURE))


@pytest.fixture(scope="module")
def detector():
    return EmotionDetector(face_detector=CASCADE)


@pytest.fixture(scope="module")
def faces(detector):
    return detector.detect(SAMPLE_PICTURE)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Half a second of nobody, then two people, at 20 frames a second."""
    people = sample_images()[80:120]
    return write_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", at_rate(50),
                      [np.full_like(people[0], 100)] * 10 + people)


def table_of(folder, *arguments):
    """Return the rows of the table that emotion_detector.py writes, with numbers for numbers."""
    process = run_main("emotion_detector.py", "--no-display", "--csv", folder / "x.csv", *arguments)
    assert process.returncode == 0, process.stderr_text
    with open(folder / "x.csv", newline="") as file:
        return [{name: cell if name in ("file", "emotion") and cell else float(cell) if cell else
                 None for name, cell in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("options", [{}, {"smoothing": 0, "precision": "float32"},
                                     {"model": MODEL, "threads": 1}])
def test_the_rows_are_the_table_of_the_script(tmp_path, clip, options):
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    expected = table_of(tmp_path, "--video", clip, *flags)
    assert expected[0]["face"] is None and expected[-1]["face"] is not None
    assert list(EmotionDetector(**options).rows(clip)) == expected


def test_yunet_finds_what_it_finds_in_the_script(tmp_path, clip, yunet):
    expected = table_of(tmp_path, "--video", clip, "--every", 3, "--detector", yunet)
    assert list(EmotionDetector(face_detector=yunet).rows(clip, every=3)) == expected


def test_moments_are_the_rows_with_more_digits(detector, clip):
    rows = [row for row in detector.rows(clip, every=4) if row["face"]]
    seen = [(moment, face) for moment in detector.watch(clip, every=4) for face in moment.faces]
    assert len(rows) == len(seen) > 10
    for row, (moment, face) in zip(rows, seen):
        assert (row["frame"], row["seconds"]) == (moment.frame, round(moment.seconds, 3))
        assert (row["face"], row["emotion"]) == (face.number, face.emotion)
        assert face.box == tuple(row[name] for name in ("x", "y", "width", "height"))
        assert face.crop.shape == (row["height"], row["width"], 3)
        for name, probability in face.probabilities.items():
            assert row[name] == round(probability, 4)


def test_a_picture_has_the_faces_of_the_script(tmp_path, faces):
    expected = table_of(tmp_path, "--image", SAMPLE_PICTURE, "--cascade", CASCADE)
    assert [(row["emotion"], row["x"], row["y"], row["width"], row["height"]) for row in expected
            ] == [(face.emotion, *face.box) for face in faces]
    assert [[row[name] for name in face.probabilities] for row, face in zip(expected, faces)] == [
        [round(value, 4) for value in face.probabilities.values()] for face in faces]


def test_a_face_says_what_it_is(detector, faces):
    neutral, happy = faces
    assert (neutral.emotion, happy.emotion) == ("neutral", "happy")
    assert tuple(happy.probabilities) == detector.class_names == config.CLASS_NAMES[6]
    assert happy.confidence == happy.probabilities["happy"] == max(happy.probabilities.values())
    x, y, width, height = happy.box
    assert np.array_equal(happy.crop, RGB[y:y + height, x:x + width])
    assert re.fullmatch(r"\[Face\(1, neutral \d+%, box=\(\d+, \d+, \d+, \d+\)\), Face\(2, .*\)\]",
                        repr(faces))
    assert pickle.loads(pickle.dumps(faces)) == faces


ALIKE = {
    "path": str(SAMPLE_PICTURE), "Pillow": Image.open(SAMPLE_PICTURE), "RGB": RGB,
    "RGBA": np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)]),
    "uint16": RGB.astype(np.uint16) * 257, "float32": RGB / np.float32(255), "float64": RGB / 255,
    "float16": (RGB / 255).astype(np.float16), "not contiguous": RGB[..., ::-1].copy()[..., ::-1],
}


@pytest.mark.parametrize("kind", ALIKE)
def test_every_kind_of_picture_has_the_same_faces(detector, kind, tmp_path):
    expected = detector.detect(RGB)
    found = detector.detect(ALIKE[kind])
    assert [face.box for face in found] == [face.box for face in expected]
    for face, other in zip(found, expected):
        assert face.probabilities == pytest.approx(other.probabilities, abs=0.02)
        assert np.abs(face.crop.astype(int) - other.crop).max() <= 1


def test_opencvs_order_is_said(detector):
    assert detector.detect(RGB[..., ::-1], bgr=True) == detector.detect(RGB)
    bgra = np.dstack([RGB[..., ::-1], np.full(RGB.shape[:2], 255, np.uint8)])
    for one, other in zip(detector.detect(bgra, bgr=True), detector.detect(RGB)):
        assert np.array_equal(one.crop, other.crop) and one == other


def test_gray_pictures_are_taken(detector):
    gray = cv2.cvtColor(RGB, cv2.COLOR_RGB2GRAY)
    assert [face.box for face in detector.detect(gray)] == [
        face.box for face in detector.detect(RGB)]
    assert detector.detect(Image.fromarray(gray)) == detector.detect(gray)


def test_lists_give_lists(detector, faces):
    found = detector.detect([SAMPLE_PICTURE, np.zeros((50, 40, 3), np.uint8)])
    assert found == [faces, []] and type(found) is list


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900), (900, 1, 4), (3, 3000, 3)])
def test_a_picture_of_any_size_is_searched(detector, shape):
    assert detector.detect(np.zeros(shape, np.uint8)) == []


@pytest.mark.parametrize(("image", "message"), [
    ("nobody.jpg", "nobody.jpg: no such picture; give"),
    (str(CASCADE), "xml: cannot be read as a picture; expected one of"),
    (str(ROOT), "a folder, expected a picture"),
    (None, "found NoneType, expected a path, a Pillow image, or an array"),
    (object(), "found object, expected a path"),
    (b"bytes", "found bytes, expected a path"),
    ([[1, 2]], "found int, expected a path"),
    (RGB.astype(int), "found an array of int64, expected"),
    (RGB > 9, "found an array of bool, expected"),
    (RGB.astype(float), "found floats from 0 to 255, expected 0 to 1; give uint8 for 0 to 255"),
    (RGB / 127.5 - 1, "found floats from -1 to 1, expected 0 to 1"),
    (RGB * np.nan, "found floats from nan to nan, expected 0 to 1"),
    (RGB[None], r"found an array of shape \(1, 240, 432, 3\), expected"),
    (RGB.transpose(2, 0, 1), r"found an array of shape \(3, 240, 432\), expected"),
    (RGB[:0], r"found an array of shape \(0, 432, 3\), expected"),
    (np.array("photo.jpg"), r"found an array of shape \(\), expected"),
    (Image.new("RGB", (0, 5)), "cannot be read"),
])
def test_what_is_no_picture_is_one_line(detector, image, message):
    with pytest.raises(UserError, match=message) as raised:
        detector.detect(image)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 300


@pytest.mark.parametrize(("ask", "message"), [
    (partial(EmotionDetector, model="x.hdf5"), "x.hdf5: no such model file; "),
    (partial(EmotionDetector, model=SAMPLE_PICTURE), "faces.jpg: damaged, or not a model file"),
    (partial(EmotionDetector, face_detector="x.onnx"), "x.onnx: no such face detector; "),
    (partial(EmotionDetector, face_detector=SAMPLE_PICTURE), "faces.jpg: not YuNet"),
    (partial(EmotionDetector, precision="int4"), "found precision 'int4', expected float32 or"),
    (partial(EmotionDetector, smoothing=-1), "smoothing=-1: expected seconds"),
    (partial(EmotionDetector, smoothing=float("nan")), "smoothing=nan: expected seconds"),
    (partial(EmotionDetector, threads=0), "threads=0: expected a whole number above 0"),
    (lambda: EmotionDetector().watch("talk.mp4"), "talk.mp4: no such video file"),
    (lambda: EmotionDetector().watch(str(ROOT)), "a folder, expected a video file"),
    (lambda: EmotionDetector().watch(None), "found NoneType, expected a video file, a stream's"),
    (lambda: EmotionDetector().rows(-1), "source=-1: expected a whole number from 0 to 99"),
    (lambda: EmotionDetector().rows(SAMPLE_VIDEO, every=0), "every=0: expected a whole number"),
    (lambda: EmotionDetector().rows(SAMPLE_VIDEO, every=2.5), "every=2.5: expected a whole"),
    (lambda: list(EmotionDetector().rows(CASCADE)), "xml: cannot be read as a video"),
])
def test_a_wrong_argument_is_one_line(ask, message):
    with pytest.raises(UserError, match=message) as raised:
        ask()
    assert "\n" not in str(raised.value)


def test_what_breaks_off_is_a_warning(detector, clip, tmp_path):
    whole = write_clip(tmp_path / "whole.mkv", at_rate(40), sample_images()[:40]).read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[:len(whole) // 2])
    with pytest.warns(UserWarning, match=r"half.mkv: breaks off"):
        assert 0 < len(list(detector.rows(tmp_path / "half.mkv"))) < 40
    (tmp_path / "half.jpg").write_bytes(SAMPLE_PICTURE.read_bytes()[:9000])
    with pytest.warns(UserWarning, match=r"half.jpg: breaks off"):
        detector.detect(tmp_path / "half.jpg")


def test_the_defaults_are_the_scripts():
    args = emotion_detector.parse_args([])
    defaults = {name: value.default
                for name, value in inspect.signature(EmotionDetector).parameters.items()}
    assert defaults == {"model": args.model, "face_detector": args.detector,
                        "precision": args.precision, "smoothing": args.smoothing,
                        "threads": args.threads}
    assert api.CASCADE == config.CASCADE_PATH
    assert EmotionDetector()._finder == (config.DETECTOR_PATH, None)


def open_files():
    return {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this system has no /proc")
@pytest.mark.parametrize("way", ["break", "close", "end", "error"])
def test_what_is_open_is_closed_however_it_ends(detector, clip, way):
    threads = threading.active_count()
    moments = detector.watch(clip)
    next(moments)
    assert str(clip) in open_files()
    if way == "break":
        for _ in moments:
            break
        del moments
    elif way == "close":
        moments.close()
    elif way == "end":
        assert len(list(moments)) == 49
    else:
        with pytest.raises(TypeError):
            moments = map(len, moments)
            next(moments)
        del moments
    assert str(clip) not in open_files()
    assert threading.active_count() == threads


def test_it_works_in_threads(detector, clip):
    expected, rows = detector.detect(SAMPLE_PICTURE), list(detector.rows(clip))
    filters = warnings.filters[:]
    other = EmotionDetector(face_detector=CASCADE)
    with ThreadPoolExecutor(8) as pool:
        moments = pool.submit(lambda: list(other.rows(clip)))
        found = list(pool.map(lambda number: (detector, other)[number % 2].detect(SAMPLE_PICTURE),
                              range(24)))
        assert found == [expected] * 24
        assert moments.result() == rows
        assert list(pool.map(lambda _: list(detector.rows(clip)), range(2))) == [rows] * 2
    assert warnings.filters == filters


POOLS = """
import multiprocessing, sys, warnings
sys.path.insert(0, {root!r})
from pipeline.api import EmotionDetector
if __name__ == "__main__":
    warnings.filterwarnings("ignore", "This process .* is multi-threaded")
    detector = EmotionDetector()
    expected = detector.detect({picture!r})
    assert len(expected) == 2
    for way in ("fork", "spawn"):
        with multiprocessing.get_context(way).Pool(2) as pool:
            found = pool.map_async(detector.detect, [{picture!r}] * 4).get(60)
        assert found == [expected] * 4
"""


def test_it_works_in_other_processes(tmp_path):
    script = tmp_path / "pools.py"  # a process of its own: forked threads of other tests would hang
    script.write_text(POOLS.format(root=str(ROOT), picture=str(SAMPLE_PICTURE)))
    subprocess.run([sys.executable, script], check=True, env=environment(), timeout=150)


GUEST = """
import os, signal, sys, threading
sys.path.insert(0, {root!r})
def state():
    return [dict(os.environ), [signal.getsignal(n) for n in signal.valid_signals()],
            threading.active_count(), sys.meta_path[:], sys.excepthook]
import cv2  # it sets variables for Qt
before = state()
import matplotlib, PIL.Image, PIL.ImageFile
settings = lambda: [cv2.getNumThreads(), matplotlib.rcParams.copy(), PIL.Image.MAX_IMAGE_PIXELS,
                    PIL.ImageFile.LOAD_TRUNCATED_IMAGES]
more = settings()
from pipeline.api import EmotionDetector, draw
assert [state(), settings()] == [before, more]
detector = EmotionDetector()
draw({picture!r}, detector.detect({picture!r}))
next(detector.watch({video!r}, every=50))
assert [state(), settings()] == [before, more]
assert not {{"keras", "tensorflow", "jax", "matplotlib.pyplot", "config"}} & sys.modules.keys()
"""


def test_a_program_that_uses_it_stays_as_it_is(tmp_path):
    code = GUEST.format(root=str(ROOT), picture=str(SAMPLE_PICTURE), video=str(SAMPLE_VIDEO))
    process = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(),
                             capture_output=True, text=True, timeout=300)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_a_result_shows_itself_in_a_notebook(detector, faces):
    for result in (faces, faces[0], next(detector.watch(SAMPLE_VIDEO))):
        shown = cv2.imdecode(np.frombuffer(result._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
        assert shown.shape[0] in (140, 280)
    assert Faces()._repr_png_() is None
    left = cv2.imdecode(np.frombuffer(faces[1]._repr_png_(), np.uint8), cv2.IMREAD_COLOR)[:, :140]
    assert np.abs(left[..., ::-1].mean((0, 1)) - faces[1].crop.mean((0, 1))).max() < 5
    assert repr(detector) == (
        f"EmotionDetector(model={config.DETECTOR_MODEL_PATH}, face_detector={CASCADE}, "
        "smoothing=0.14)")


def test_it_draws_what_the_script_draws(detector, faces, tmp_path):
    run_main("emotion_detector.py", "--no-display", "--image", SAMPLE_PICTURE, "--cascade", CASCADE,
             "--output", tmp_path / "x.png")
    expected = np.asarray(Image.open(tmp_path / "x.png"))
    before = RGB.copy()
    assert np.array_equal(draw(RGB, faces), expected)
    assert np.array_equal(draw(RGB[..., ::-1], faces, bgr=True), expected[..., ::-1])
    assert np.array_equal(draw(RGB, []), RGB)
    assert np.array_equal(RGB, before)


def test_every_public_signature_is_typed():
    for one in (EmotionDetector.__init__, EmotionDetector.detect, EmotionDetector.watch,
                EmotionDetector.rows, draw):
        signature = inspect.signature(one)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(parameter.annotation is not inspect.Parameter.empty
                   for parameter in signature.parameters.values() if parameter.name != "self")
    assert (ROOT / "pipeline" / "py.typed").is_file()
