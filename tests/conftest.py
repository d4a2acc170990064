"""What several tests share: synthetic data in Kaggle's format, and the scripts as processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.io import checkpoint

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A shell's background jobs ignore Ctrl-C, and so would the scripts that the tests stop by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_VIDEO = ROOT / "samples" / "faces.mp4"
SAMPLE_PICTURE = ROOT / "samples" / "faces.jpg"
MODEL = ROOT / "checkpoints" / "model.hdf5"
CASCADE = ROOT / "haarcascade_frontalface_default.xml"

ROWS = {"Training": 300, "PublicTest": 70, "PrivateTest": 70}


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


def change_record(path, **changes):
    """Change a .hdf5 checkpoint's record, and give it the checksum of what it holds now."""
    with h5py.File(path, "r+") as file:
        text = json.dumps(json.loads(file[checkpoint.RECORD].asstr()[()]) | changes)
        del file[checkpoint.RECORD]
        file[checkpoint.RECORD] = text
        file[checkpoint.RECORD].attrs["sha256"] = checkpoint._digest(file, text)


def environment(**variables):
    """Return this process's environment without a display and with these variables."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "KERAS_BACKEND")
    return {name: value for name, value in os.environ.items() if name not in hidden} | variables


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


def fails_with(script, *arguments, status=2):
    """Return the one line with which a script must end, or fail the test."""
    process = run_script(script, *arguments)
    assert process.returncode == status, process.stderr_text
    assert process.stderr_text.count("\n") == 1, process.stderr_text
    assert "Traceback" not in process.stderr_text
    return process.stderr_text


@pytest.fixture(scope="session")
def csv_file(tmp_path_factory):
    return write_csv(tmp_path_factory.mktemp("csv") / "fer2013.csv")


@pytest.fixture(scope="session")
def dataset(csv_file, tmp_path_factory):
    """The databases that build_dataset.py makes from the synthetic CSV."""
    folder = tmp_path_factory.mktemp("hdf5")
    process = run_script("build_dataset.py", "--csv", csv_file, "--output", folder)
    assert process.returncode == 0, process.stderr_text
    return folder
