"""What several tests share: synthetic data in Kaggle's format, and ways to run the scripts.

run_main runs a script in this process, in a fraction of the seconds that a new one takes to
import its libraries. run_script and start_script run it as a shell would: for signals, kills,
limits, streams, and what a script imports.
"""

import gc
import importlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import h5py
import numpy as np
import pytest
from filelock import FileLock

from config import emotion_config as config
from pipeline.process import ending
from pipeline.process.imports import prepare_opencv
from tests.training.fewfilters import few_filters

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # many models in one process: "retracing"
prepare_opencv()  # before a test imports cv2, as a script does

# A shell's background jobs ignore Ctrl-C, those of nohup the terminal's end, and so would the
# scripts that the tests stop by them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

for name in ("DISPLAY", "WAYLAND_DISPLAY"):  # the tests open no windows
    os.environ.pop(name, None)

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_VIDEO = ROOT / "samples" / "faces.mp4"
SAMPLE_PICTURE = ROOT / "samples" / "faces.jpg"
MODEL = ROOT / "checkpoints" / "model.hdf5"
CASCADE = ROOT / "haarcascade_frontalface_default.xml"

ROWS = {"Training": 150, "PublicTest": 70, "PrivateTest": 70}  # two batches, the last one short
EPOCHS = 7  # of the small trainings: one checkpoint on the way and one at the end


def pytest_collection_finish():
    """Spare what is imported by now, which stays, from every later search for garbage."""
    gc.collect()
    gc.freeze()


def synthetic_faces(count, seed=0):
    """Return images (count, 48, 48) uint8 and labels (count,): a square where the label says."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 7
    images = random.integers(0, 120, (count, 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels):
        top, left = divmod(label * 12, 48)
        image[top * 12:top * 12 + 12, left:left + 12] = 255
    return images, labels


def row(label, image, usage):
    """Return one row of fer2013.csv, without the end of the line."""
    return f"{label},{' '.join(map(str, image.ravel()))},{usage}"


def write_csv(path, rows=ROWS):
    """Write a small fer2013.csv and return its path."""
    lines = ["emotion,pixels,Usage"]
    for seed, (usage, count) in enumerate(rows.items()):
        images, labels = synthetic_faces(count, seed)
        lines += [row(label, image, usage) for image, label in zip(images, labels)]
    path.write_text("\n".join(lines) + "\n")
    return path


def graph_of_network(network):
    """Return the graph of EmotionVGGNet.build(**network)."""
    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
    from pipeline.nn.kerasgraph import graph_of

    return graph_of(EmotionVGGNet.build(**network))


def record_of(network, **fields):
    """Return what checkpoint.save stores of an EmotionVGGNet, with classes a, b, c and so on."""
    names = [chr(ord("a") + number) for number in range(network["classes"])]
    return {"graph": graph_of_network(network), "class_names": names, "experiment": 6, "epoch": 1,
            "seed": 42, "precision": "float32", "val_accuracy": 0.5,
            "history": {"loss": [1.5]}} | fields


def write_ferplus(path, rows=ROWS, first=0):
    """Write FER+'s votes for the images of write_csv and return the path.

    Seven of ten see the label, three see calm; on every tenth image most see no face. first: the
    label of each Usage's first row.
    """
    columns = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear",
               "contempt", "unknown", "NF")
    order = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    lines = [",".join(("Usage", "Image name", *columns))]
    for usage, count in rows.items():
        for number in range(count):
            votes = dict.fromkeys(columns, 0) | {"neutral": 3}
            votes["NF" if number % 10 == 0 else order[(number + first) % 7]] += 7
            lines.append(",".join((usage, "a.png", *map(str, votes.values()))))
    path.write_text("\n".join(lines) + "\n")
    return path


def change_record(path, **changes):
    """Change a checkpoint's record, and give it the checksums of what it holds now."""
    from pipeline.io import checkpoint
    from pipeline.nn.graph import layers_of

    with h5py.File(path, "r+") as file:
        record = json.loads(file[checkpoint.RECORD][()])
        checksums = record.pop("checksums")
        arrays = [file[f"model_weights/{layer.name}/{layer.name}/{array}"][()]
                  for layer in layers_of(record["graph"]) for array in layer.arrays]
        record |= changes
        checksums["weights"] = checkpoint.digest_of(arrays, record)
        del file[checkpoint.RECORD]
        file[checkpoint.RECORD] = np.bytes_(json.dumps({**record, "checksums": checksums}))


def environment(**variables):
    """Return this process's environment with TensorFlow as the backend and these variables."""
    return {name: value for name, value in os.environ.items()
            if name != "KERAS_BACKEND"} | variables


def run_main(script, *arguments):
    """Run a script's main() to its end in this process; return what run_script returns.

    What no script catches is raised, so a traceback is a failed test.
    """
    main = importlib.import_module(Path(script).name.removesuffix(".py")).main
    forget_keras_settings()
    argv = sys.argv
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *ending.TERMINATING)}
    with output_of_this_process() as output, patch.dict(os.environ):  # a script sets variables
        sys.argv = [str(ROOT / script), *map(str, arguments)]
        try:
            ending.run(main)
        except SystemExit as end:
            status = end.code or 0
        finally:
            sys.argv = argv
            for number, handler in handlers.items():
                signal.signal(number, handler)
            forget_keras_settings()
    return SimpleNamespace(returncode=status, **output)


@contextmanager
def output_of_this_process():
    """Yield a dict that gets stdout_text and stderr_text, those of C libraries included."""
    output = {}
    with ExitStack() as stack:
        files = {}
        for number, redirect in ((1, redirect_stdout), (2, redirect_stderr)):
            files[number] = stack.enter_context(tempfile.TemporaryFile("w+", buffering=1))
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(files[number].fileno(), number)
            stack.enter_context(redirect(files[number]))
        yield output
        for number, name in ((1, "stdout_text"), (2, "stderr_text")):
            files[number].seek(0)
            output[name] = files[number].read()


def forget_keras_settings():
    """Undo what a training sets for its whole process, and count layers from 1 again."""
    keras = sys.modules.get("keras")
    if keras is None:
        return
    keras.config.set_dtype_policy("float32")
    keras.backend.clear_session(free_memory=False)  # to look for garbage takes 0.2 s each time


def start_script(script, *arguments, **options):
    """Start one of the four scripts as a shell would."""
    return subprocess.Popen(
        [sys.executable, ROOT / script, *map(str, arguments)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(), **options)


def run_script(script, *arguments, **options):
    """Run one of the four scripts to its end; return it with returncode, stdout and stderr."""
    process = start_script(script, *arguments, **options)
    process.stdout_text, process.stderr_text = process.communicate(timeout=300)
    return process


def fails_with(script, *arguments, status=2, run=run_main):
    """Return the one line with which a script must end, or fail the test.

    run: run_main, or run_script where the process is the point.
    """
    process = run(script, *arguments)
    assert process.returncode == status, process.stderr_text
    assert process.stderr_text.count("\n") == 1, process.stderr_text
    assert "Traceback" not in process.stderr_text
    return process.stderr_text


def made_once(tmp_path_factory, name, make):
    """Return a folder that make(folder) fills once a session, for all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with FileLock(base / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def csv_file(tmp_path_factory):
    return made_once(tmp_path_factory, "csv",
                     lambda folder: write_csv(folder / "fer2013.csv")) / "fer2013.csv"


@pytest.fixture(scope="session")
def dataset(csv_file, tmp_path_factory):
    """The databases that build_dataset.py makes from the synthetic CSV; only to be read."""

    def build(folder):
        process = run_main("build_dataset.py", "--csv", csv_file, "--output", folder)
        assert process.returncode == 0, process.stderr_text

    return made_once(tmp_path_factory, "fer2013", build)


def training_arguments(dataset, folder, *more):
    """Return the arguments of a training of EPOCHS epochs that writes into a folder."""
    return ("--dataset", dataset, "--checkpoints", folder / "checkpoints", "--output",
            folder / "output", "--epochs", EPOCHS, *more)


def train(dataset, folder, *more):
    with few_filters():
        return run_main("train_recognizer.py", *training_arguments(dataset, folder, *more))


def train_to_the_end(dataset, folder, *more):
    process = train(dataset, folder, *more)
    assert process.returncode == 0, process.stderr_text
    assert process.stderr_text == ""


@pytest.fixture(scope="session")
def whole_run(dataset, tmp_path_factory):
    """The folder of a training by recipe 4 that was never stopped; only to be read."""
    return made_once(tmp_path_factory, "whole",
                     lambda folder: train_to_the_end(dataset, folder, "--experiment", 4))


@pytest.fixture(scope="session")
def averaged_run(dataset, tmp_path_factory):
    """The same by recipe 7, with a cosine, mixup and averaged weights."""
    return made_once(tmp_path_factory, "averaged",
                     lambda folder: train_to_the_end(dataset, folder, "--experiment", 7))


@pytest.fixture(scope="session")
def yunet():
    """YuNet's file where a user would put it, or shared/models/ beside a folder above."""
    places = [config.DETECTOR_PATH or ROOT, *(file for folder in ROOT.parents for file in sorted(
        (folder / "shared" / "models").glob("face_detection_yunet_*.onnx")))]
    for place in places:
        if place.is_file():
            return place
    pytest.skip("YuNet's file is not in checkpoints/")
