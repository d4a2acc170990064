"""Kill a training with SIGKILL again and again; its weights must not show it.

    python -m tests.torture.kill_training [kills, 30]

A training of a synthetic dataset runs to its end; another one is killed at random moments, some of
them in its start and while a file is being written, and resumed from its last checkpoint each
time. Kills before the first checkpoint do not count. Every file is read after every kill, and the
last weights are compared bit for bit.
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from pipeline.io import checkpoint
from tests.conftest import run_script, start_script, write_csv

EPOCHS = 40
KINDS = ("random", "write", "random", "write", "start")


def arguments(folder, name):
    return ["--dataset", folder / "hdf5", "--checkpoints", folder / name, "--output",
            folder / name / "output", "--epochs", EPOCHS]


def newest(folder):
    """Return the number and path of the last epoch's checkpoint; every one must be whole."""
    found = {checkpoint.read_record(path)["epoch"]: path for path in folder.glob("epoch_*.hdf5")}
    return max(found.items()) if found else (0, None)


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]})
                        if isinstance(item, h5py.Dataset) and name != checkpoint.RECORD else None)
    return found


def wait_for_the_moment(process, folder, kind):
    """Wait for a moment in the start, in a file's writing, or at random after an epoch."""
    began = time.time()

    def running_until(condition):
        while process.poll() is None and not condition():
            time.sleep(0.001)

    def trained():
        return any(path.stat().st_mtime > began for path in folder.rglob("*.json"))

    if kind == "start":
        until = time.time() + random.uniform(0, 8)
        return running_until(lambda: time.time() > until)
    running_until(trained)
    until = time.time() + random.uniform(0, 9)
    running_until(lambda: time.time() > until)
    if kind == "write":
        running_until(lambda: list(folder.rglob(".*.partial.*")))
        time.sleep(random.uniform(0, 0.02))


def main(kills=30):
    random.seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv = write_csv(folder / "fer2013.csv")
        run_script("build_dataset.py", "--csv", csv, "--output", folder / "hdf5")
        whole = run_script("train_recognizer.py", *arguments(folder, "whole"), "--experiment", 4)
        assert whole.returncode == 0, whole.stderr_text
        killed, done, in_writes = folder / "killed", 0, 0
        while done < kills:
            epoch, path = newest(killed)
            if epoch == EPOCHS:  # at its end: once more from an earlier checkpoint
                path.unlink()
                continue
            more = ["--model", path] if path else ["--experiment", 4]
            process = start_script("train_recognizer.py", *arguments(folder, "killed"), *more)
            wait_for_the_moment(process, killed, KINDS[done % len(KINDS)])
            if process.poll() is None:
                process.kill()
                process.wait()
                saved = newest(killed)[0]
                if saved:
                    done += 1
                    in_writes += bool(list(killed.rglob(".*.partial.*")))
                    print(f"kill {done}: resumed from {epoch}, now {saved}", flush=True)
            process.communicate()
            for curve in killed.rglob("*.json"):
                json.loads(curve.read_text())
        while newest(killed)[0] < EPOCHS:
            _, path = newest(killed)
            more = ["--model", path] if path else ["--experiment", 4]
            last = run_script("train_recognizer.py", *arguments(folder, "killed"), *more)
            assert last.returncode == 0, last.stderr_text
        expected, found = (arrays(folder / name / f"epoch_{EPOCHS}.hdf5")
                           for name in ("whole", "killed"))
        assert expected.keys() == found.keys()
        assert all(np.array_equal(expected[name], found[name]) for name in expected)
    print(f"{done} kills after the first checkpoint, {in_writes} of them in the middle of a write: "
          "the weights are equal")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
