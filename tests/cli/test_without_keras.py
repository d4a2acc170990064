"""The detector where neither Keras nor TensorFlow is."""

import subprocess
import sys

import pytest

from tests.conftest import MODEL, ROOT, SAMPLE_PICTURE, SAMPLE_VIDEO, environment

# Python runs a module of this name at its start, before anything else.
ABSENT = """
import sys

class Absent:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent)
"""
TRAINING = ("keras", "tensorflow", "jax", "torch", "sklearn", "scipy", "pandas")


def run_without(names, folder, *command):
    """Run a command of Python where some packages cannot be imported."""
    (folder / "sitecustomize.py").write_text(ABSENT.format(names=names))
    return subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True,
                          text=True, env=environment(PYTHONPATH=str(folder)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


def test_the_packages_are_absent_there(folder):
    process = run_without(TRAINING, folder, "-c", "import keras")
    assert "No module named 'keras'" in process.stderr


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("source", [("--video", SAMPLE_VIDEO, "--max-frames", 30,
                                     "--timeline", "timeline.png"), ("--image", SAMPLE_PICTURE)])
def test_the_detector_runs(folder, tmp_path, source, precision):
    names = {"timeline.png": tmp_path / "timeline.png"}
    unused = ["jinja2", "aiohttp", *["matplotlib"] * (not names.keys() & set(source))]
    process = run_without(
        (*TRAINING, *unused), folder, "emotion_detector.py", "--no-display",
        "--precision", precision, "--csv", tmp_path / "x.csv",
        "--output", tmp_path / f"x{source[1].suffix}",
        *[names.get(word, word) for word in source])
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert len((tmp_path / "x.csv").read_text().splitlines()) > 1


def test_a_live_page_without_aiohttp_is_one_line(folder):
    process = run_without(("aiohttp",), folder, "emotion_detector.py", "--video", SAMPLE_VIDEO,
                          "--serve", 8000)
    assert process.returncode == 2 and process.stderr.count("\n") == 1
    assert process.stderr.startswith("emotion_detector.py: aiohttp is not installed, which this "
                                     "needs; pip install -r requirements-serve.txt, with Python ")


def test_a_page_without_jinja2_is_one_line(folder, tmp_path):
    process = run_without(("jinja2",), folder, "emotion_detector.py", "--no-display", "--video",
                          SAMPLE_VIDEO, "--page", tmp_path / "x.html")
    assert process.returncode == 2 and not list(tmp_path.iterdir())
    assert "jinja2 is not installed" in process.stderr and process.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [
    ("test_recognizer.py", "--dataset"), ("train_recognizer.py", "--dataset"),
    ("-m", "pipeline.quantize", "--model", MODEL, "--dataset"),
    ("-m", "pipeline.export", "--model", MODEL, "--output"),
])
def test_what_needs_keras_says_so_in_one_line(folder, dataset, tmp_path, command):
    last = tmp_path / "x.onnx" if command[-1] == "--output" else dataset
    process = run_without(TRAINING, folder, *command, last)
    assert process.returncode == 2
    assert "is not installed, which this needs; pip install -r requirements.txt, with Python" in (
        process.stderr) and process.stderr.count("\n") == 1


def test_what_the_detector_requires_holds_no_package_of_the_training():
    text = (ROOT / "requirements-detector.txt").read_text()
    assert not [name for name in TRAINING if f"\n{name}" in text]
    assert "-r requirements-detector.txt" in (ROOT / "requirements.txt").read_text()
