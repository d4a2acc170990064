import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest

from pipeline.io import checkpoint
from tests.conftest import ROOT, environment
from tests.training.small import FOUR_DEVICES, start_small, write_databases


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of two small databases."""
    folder = tmp_path_factory.mktemp("small")
    write_databases(folder)
    return folder


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Variables of processes with one device each that keep what they compile for the next."""
    return {"JAX_NUM_CPU_DEVICES": "1", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("compiled"))}


def described(number, count=2, port=None):
    """Return the variables by which process `number` of some on this machine is described."""
    return {"KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port or free_port()}",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(number)}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def two_processes(folders, *arguments, **variables):
    """Yield the two processes of a small training, each of which has its folder."""
    port = free_port()
    processes = [start_small(folder, "--distributed", *arguments,
                             **variables | described(number, port=port))
                 for number, folder in enumerate(folders)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()


def ends(processes):
    """Return the (exit status, stdout, stderr) of processes that are to end."""
    outputs = [process.communicate(timeout=300) for process in processes]
    return [(process.returncode, *output) for process, output in zip(processes, outputs)]


def copy_of(folder, path):
    path.mkdir()
    for split in ("train", "val"):
        shutil.copy(folder / f"{split}.hdf5", path)
    return path


def weights(path):
    model, _ = checkpoint.load(path)
    return np.concatenate([array.ravel() for array in model.get_weights()])


def test_processes_that_were_given_other_data(folder, compiled, tmp_path):
    other = copy_of(folder, tmp_path / "other")
    write_databases(other, validation=36)
    with two_processes((folder, other), **compiled) as processes:
        for status, _, stderr in ends(processes):
            assert status == 2 and stderr.count("\n") == 1, stderr
            assert "process 1 has another val.hdf5 than process 0; give all of them" in stderr


@pytest.mark.parametrize(("variables", "message"), [
    ({}, "coordinator_address should be defined"),
    pytest.param(described(0) | {"KERAS_DISTRIBUTION_JOB_ADDRESSES": "127.0.0.1"}, "host:port",
                 marks=pytest.mark.torture),
    pytest.param(described(2), "process_id=2", marks=pytest.mark.torture),
    pytest.param(described(0) | {"KERAS_DISTRIBUTION_NUM_PROCESSES": "two"}, "'two'",
                 marks=pytest.mark.torture),
])
def test_an_environment_that_does_not_describe_the_processes(folder, variables, message):
    (status, _, line), = ends([start_small(folder, "--distributed", **variables)])
    assert status == 2 and line.count("\n") == 1, line
    assert "--distributed: the environment does not say which" in line and message in line


@pytest.mark.torture
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_does_not_come(number):
    code = """
from pipeline.process.ending import run
from pipeline.process.imports import import_keras
import_keras()
from pipeline.training import devices
devices.COME_WITHIN = 2
def main():
    with devices.joined_processes():
        pass
run(main)
"""
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300,
        env=environment(**FOUR_DEVICES | described(number)))
    assert process.returncode == 2 and process.stderr.count("\n") == 1, process.stderr
    assert "not all processes came within 2 s; see that all are started" in process.stderr


@pytest.fixture(scope="module")
def whole_run(folder, compiled, tmp_path_factory):
    """The folders of two processes that trained to the end, and what those printed."""
    folders = [copy_of(folder, tmp_path_factory.mktemp("whole") / str(number))
               for number in range(2)]
    with two_processes(folders, "--experiment", 7, "--epochs", 4, **compiled) as processes:
        return folders, ends(processes)


@pytest.mark.torture
def test_two_processes_train_as_two_devices_do_and_one_writes(folder, whole_run, tmp_path):
    (first, second), outputs = whole_run
    assert [(status, stderr) for status, _, stderr in outputs] == [(0, "")] * 2
    assert "Epoch 4/4" in outputs[0][1] and "Epoch" not in outputs[1][1]
    assert sorted(path.name for path in (first / "checkpoints").iterdir()) == [
        "best.hdf5", "epoch_2.hdf5", "epoch_4.hdf5"]
    assert not [*(second / "checkpoints").iterdir(), *(second / "output").iterdir()]

    here = copy_of(folder, tmp_path / "devices")
    (status, *_), = ends([start_small(here, "--devices", 2, "--experiment", 7, "--epochs", 4)])
    assert status == 0
    records = [checkpoint.load(path / "checkpoints" / "epoch_4.hdf5")[1] for path in (first, here)]
    assert [record["devices"] for record in records] == [2, 2]
    curves = [json.loads((path / "output" / "vggnet_emotion_7.json").read_text())
              for path in (first, here)]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert curves[0][name] == pytest.approx(curves[1][name], abs=1e-3)
    for name in ("best.hdf5", "epoch_4.hdf5"):
        difference = weights(first / "checkpoints" / name) - weights(here / "checkpoints" / name)
        assert abs(difference).max() < 1e-3


@pytest.mark.torture
@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_process_ends_the_other_and_both_resume_to_the_same_bits(
        folder, compiled, whole_run, tmp_path, killed):
    here = copy_of(folder, tmp_path / "killed")
    saved = here / "checkpoints" / "epoch_2.hdf5"
    with two_processes((here, here), "--experiment", 7, "--epochs", 4, **compiled) as processes:
        while not saved.exists() and processes[0].poll() is None:
            time.sleep(0.01)
        processes[killed].send_signal(signal.SIGKILL)
        began = time.monotonic()
        (status, _, line), = ends([processes[1 - killed]])
        assert time.monotonic() - began < 10
    if killed == 1:
        assert status == 2 and line.count("\n") == 1, line
        assert "another process has ended (" in line
        assert line.endswith(f"; the last good checkpoint is {saved}\n")
    else:  # which had JAX's service: JAX may be first to end the other, with lines of its own
        assert status in (2, -signal.SIGABRT), line
        assert "another process has ended (" in line or "JAX distributed service" in line

    with two_processes((here, here), "--model", saved, **compiled) as processes:
        assert [status for status, *_ in ends(processes)] == [0, 0]
    for name in ("best.hdf5", "epoch_4.hdf5"):
        assert np.array_equal(weights(here / "checkpoints" / name),
                              weights(whole_run[0][0] / "checkpoints" / name))


@pytest.mark.torture
@pytest.mark.parametrize("stopped", [0, 1])
def test_sigterm_to_one_process_ends_both_and_process_0_names_the_checkpoint(
        folder, compiled, tmp_path, stopped):
    here = copy_of(folder, tmp_path / "stopped")
    saved = here / "checkpoints" / "epoch_2.hdf5"
    with two_processes((here, here), "--experiment", 1, "--epochs", 9999, **compiled) as processes:
        while not saved.exists() and processes[0].poll() is None:
            time.sleep(0.01)
        processes[stopped].send_signal(signal.SIGTERM)
        began = time.monotonic()
        found = ends(processes)
        assert time.monotonic() - began < 10
    assert found[stopped][0] == 143 and found[stopped][2].count("\n") == 1
    assert found[1 - stopped][0] in ((2,) if stopped == 1 else (2, -signal.SIGABRT)), found
    line = found[0][2]
    assert line.count("\n") == 1
    assert ("stopped; resume with: KERAS_BACKEND=jax python " in line if stopped == 0 else
            "another process has ended" in line and "the last good checkpoint is " in line)
    assert str(here / "checkpoints" / "epoch_") in line
