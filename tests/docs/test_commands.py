"""The commands of README.md and docs/ run as they stand.

Blocks marked bash are run, each in a copy of the repository with the files that they name; those
marked sh, which need a network, a webcam, hours or other programs, are only parsed.
"""

import os
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT, SAMPLE_PICTURE, environment, write_csv, write_ferplus
from tests.detection.clips import at_rate, write_clip

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = {"", "powershell", "python", "text"}
HEADS = {"neutral": (48, 20, 130, 160), "happy": (256, 20, 140, 150)}  # of the sample


def blocks():
    """Yield (page, number, language, commands) of every fenced block."""
    for page in PAGES:
        found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
        for number, (language, commands) in enumerate(found, start=1):
            yield page.name, number, language, commands


def marked(language):
    return [pytest.param(commands, id=f"{page}-{number}", marks=marks_of(language, commands))
            for page, number, found, commands in blocks() if found == language]


def marks_of(language, commands):
    """Leave what takes longer than ten seconds to make torture."""
    long = language == "bash" and re.search(r"train_recognizer|pipeline\.export", commands)
    return [pytest.mark.torture] if long else []


@pytest.fixture
def copy(tmp_path, dataset):
    """A copy of the repository with a user's files: videos, pictures, FER2013 and FER+."""
    for name in ("config", "pipeline", "samples", "checkpoints"):
        shutil.copytree(ROOT / name, tmp_path / name,
                        ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    for file in (*ROOT.glob("*.py"), *ROOT.glob("*.xml")):
        shutil.copy(file, tmp_path)
    (tmp_path / "talks").mkdir()
    for name in ("talk.mp4", "one.mp4", "two.mov", "talks/first.mp4", "talks/second.mp4"):
        write_clip(tmp_path / name, at_rate(8))
    (tmp_path / "holiday" / "beach").mkdir(parents=True)
    shutil.copy(SAMPLE_PICTURE, tmp_path / "holiday" / "beach")
    write_pictures(tmp_path / "my_faces")
    write_pictures(tmp_path / "their_set")
    for split in ("train", "test"):
        write_pictures(tmp_path / "datasets" / "msambare" / split)
    shutil.copytree(dataset, tmp_path / "datasets" / "fer2013" / "hdf5")
    write_csv(tmp_path / "datasets" / "fer2013" / "fer2013.csv")
    write_ferplus(tmp_path / "fer2013new.csv")
    yield tmp_path
    shutil.rmtree(tmp_path)


def write_pictures(folder):
    """Write heads of the sample, each a little brighter than the last, into folders of classes."""
    sample = cv2.imread(str(SAMPLE_PICTURE))
    for name, (x, y, width, height) in HEADS.items():
        (folder / name).mkdir(parents=True)
        head = cv2.resize(sample[y:y + height, x:x + width], None, fx=2, fy=2)
        for number in range(12):
            brighter = np.clip(head.astype(int) + 2 * number, 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / name / f"{number}.png"), brighter)


@pytest.mark.parametrize("commands", marked("bash"))
def test_commands_run(commands, copy):
    python = os.path.dirname(sys.executable)
    path = os.pathsep.join((python, os.environ["PATH"]))
    process = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=copy, text=True,
                             capture_output=True, env=environment(PATH=path), timeout=300)
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("commands", marked("sh"))
def test_commands_that_are_not_run_are_whole(commands):
    subprocess.run(["bash", "-n", "-c", commands], check=True)


def test_every_block_is_marked():
    assert {language for _, _, language, _ in blocks()} <= {"bash", "sh"} | NOT_RUN
