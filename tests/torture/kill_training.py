"""Kill a training with SIGKILL again and again; its weights must not show it.

    python -m tests.torture.kill_training [kills, 30]

A training of a small network runs to its end; another one is killed at random moments, some of
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
from tests.training.small import start_small, write_databases

EPOCHS = 400
KINDS = ("random", "write", "random", "write", "start")


def start(folder, *arguments):
    return start_small(folder, "--epochs", EPOCHS, *(arguments or ("--experiment", 1)))


def run_to_the_end(process):
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr


def newest(folder):
    """Return the number and path of the last epoch's checkpoint; every one must be whole."""
    found = {checkpoint.read_record(path)["epoch"]: path
             for path in (folder / "checkpoints").glob("epoch_*.hdf5")}
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
    until = time.time() + random.uniform(0, 4)
    running_until(lambda: time.time() > until)
    if kind == "write":
        running_until(lambda: list(folder.rglob(".*.partial.*")))
        time.sleep(random.uniform(0, 0.02))


def main(kills=30):
    random.seed(0)
    with tempfile.TemporaryDirectory() as name:
        whole, killed = Path(name) / "whole", Path(name) / "killed"
        for folder in (whole, killed):
            folder.mkdir()
            write_databases(folder)
        run_to_the_end(start(whole))
        done, in_writes = 0, 0
        while done < kills:
            epoch, path = newest(killed)
            if epoch == EPOCHS:  # at its end: once more from an earlier checkpoint
                path.unlink()
                continue
            process = start(killed, *(("--model", path) if path else ()))
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
            run_to_the_end(start(killed, "--model", newest(killed)[1]))
        expected, found = (arrays(folder / "checkpoints" / f"epoch_{EPOCHS}.hdf5")
                           for folder in (whole, killed))
        assert expected.keys() == found.keys()
        assert all(np.array_equal(expected[name], found[name]) for name in expected)
    print(f"{done} kills after the first checkpoint, {in_writes} of them in the middle of a write: "
          "the weights are equal")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
