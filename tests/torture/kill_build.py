"""Kill a build with SIGKILL again and again; its three databases must be of one build.

    python -m tests.torture.kill_build [kills, 30]

Two CSV files are built into one folder in turn. Each build is killed at a random moment, while a
file is being written, or while the databases take their places. After each kill all databases
that are there are read, and must be of one build; if some are missing, a build follows.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipeline.io.hdf5datasetgenerator import read_database
from pipeline.io.hdf5datasetwriter import BUILDING
from tests.conftest import ROWS, run_script, start_script, write_csv

KINDS = ("random", "writing", "replacing")
SPLITS = ("train", "val", "test")


def build_of(path):
    """Return the digest of the CSV that a database was built from; all of it must be readable."""
    return read_database(path)[1]["source_sha256"]


def wait_for_the_moment(process, folder, kind):
    building = folder / BUILDING
    signs = {"random": lambda: True, "writing": building.exists,
             "replacing": lambda: all((building / f"{split}.hdf5").exists() for split in SPLITS)}
    while process.poll() is None and not signs[kind]():
        pass
    time.sleep({"random": random.uniform(0, 3), "writing": random.uniform(0, 0.1),
                "replacing": random.uniform(0, 0.002)}[kind])


def main():
    kills = int(sys.argv[1]) if sys.argv[1:] else 30
    random.seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "hdf5"
        csvs = [write_csv(Path(name) / "first.csv"),
                write_csv(Path(name) / "second.csv", ROWS | {"Training": 100})]
        run_script("build_dataset.py", "--csv", csvs[0], "--output", folder)
        builds = {build_of(folder / "train.hdf5"): csvs[0]}
        ends, done, turn = Counter(), 0, 0
        while done < kills:
            turn += 1
            before = build_of(folder / "train.hdf5")
            process = start_script("build_dataset.py", "--csv", csvs[turn % 2], "--output", folder)
            wait_for_the_moment(process, folder, KINDS[turn % 3])
            killed = process.poll() is None
            process.kill()
            process.communicate()
            if killed:
                done += 1
                there = [path for split in SPLITS if (path := folder / f"{split}.hdf5").exists()]
                found = {build_of(path) for path in there}
                assert len(found) <= 1, f"kill {done}: databases of {len(found)} builds"
                end = "old" if found == {before} else "new"
                end = end if len(there) == len(SPLITS) else "some missing"
                ends[end] += 1
                print(f"kill {done}, {KINDS[turn % 3]}: {end}", flush=True)
                if end == "some missing":
                    run_script("build_dataset.py", "--csv", csvs[turn % 2], "--output", folder)
            builds[build_of(folder / "train.hdf5")] = csvs[turn % 2]
        assert len(builds) == 2, "no build came through"
    print(f"{done} kills, never databases of two builds: "
          + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))


if __name__ == "__main__":
    main()
