import json
import re
import subprocess
import sys

import keras
import pytest

from pipeline.errors import UserError
from pipeline.training.devices import split_batches
from tests.conftest import ROOT, environment, fails_with
from tests.training.small import FOUR_DEVICES, write_databases


def compare(folder, experiment, *numbers):
    """Return what compare_devices prints, and the sizes of batch that were convolved."""
    dump = f" --xla_dump_to={folder} --xla_dump_hlo_module_re=jit_train_step"
    variables = FOUR_DEVICES | {"XLA_FLAGS": FOUR_DEVICES["XLA_FLAGS"] + dump}
    process = subprocess.run(
        [sys.executable, "-m", "tests.training.compare_devices", str(experiment),
         *map(str, numbers)],
        cwd=ROOT, env=environment(**variables), capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    programs = [path.read_text() for path in folder.glob("*jit_train_step*after_optimizations.txt")]
    sizes = {int(size) for program in programs
             for size in re.findall(r"f32\[(\d+),16,16,4\]\S* convolution\(", program)}
    return json.loads(process.stdout), sizes


@pytest.mark.parametrize(("experiment", "numbers"), [
    pytest.param(1, (4,), marks=pytest.mark.torture),
    pytest.param(7, (2, 4), marks=pytest.mark.torture),
])
def test_several_devices_split_each_batch_and_end_as_one(tmp_path, experiment, numbers):
    differences, sizes = compare(tmp_path, experiment, *numbers)
    # 101 images make batches of 32 and one of 5, which is filled up to divide.
    assert sizes == {-(-size // number) for size in (32, 5) for number in (1, *numbers)}
    for number in map(str, numbers):
        assert differences[number]["step"] < 1e-5
        assert 0 < differences[number]["epoch"] <= 3 * differences["rounding"]["epoch"]


def test_several_devices_need_jax(tmp_path):
    write_databases(tmp_path)
    files = ("--dataset", tmp_path, "--checkpoints", tmp_path, "--output", tmp_path)
    for flags in (("--devices", 2), ("--distributed",)):
        line = fails_with("train_recognizer.py", *flags, *files)
        assert f"{flags[0]} needs Keras on JAX, found tensorflow" in line
        assert "KERAS_BACKEND to jax" in line
    line = fails_with("train_recognizer.py", "--devices", 2, "--distributed", *files)
    assert "--distributed takes every device of its processes, found --devices 2" in line
    assert len(list(tmp_path.iterdir())) == 2


def test_more_devices_than_there_are(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu:0", "cpu:1"])
    with pytest.raises(UserError, match=r"^--devices 5: JAX finds 2 here \(cpu:0, cpu:1\); give"):
        split_batches(5)


def test_jax_that_is_not_installed():
    process = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['jax'] = None\n"
         "from pipeline.process.ending import run\n"
         "from pipeline.process.imports import import_keras\n"
         "run(import_keras)"],
        cwd=ROOT, env=environment(KERAS_BACKEND="jax"), capture_output=True, text=True)
    assert process.returncode == 2 and process.stderr.count("\n") == 1, process.stderr
    assert "jax is not installed, which this needs; pip install -r requirements-jax.txt" \
        in process.stderr
