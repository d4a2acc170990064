"""Files that are built to harm, against their readers, each in a process of its own.

    python -m tests.torture.hostile [cases, 2000] [kinds, such as database]

Each case must end in success or in a UserError of one line that names the file, within 5 s of CPU
and 300 MB above what the process had before; a tenth of them are sent SIGTERM on the way and must
end at once. What each kind took at most is printed.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, namedtuple
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import reading
from pipeline.io import checkpoint
from pipeline.io.fer2013 import RowSamples
from pipeline.io.hdf5datasetgenerator import read_database
from pipeline.io.hdf5datasetwriter import write_database
from pipeline.io.plainhdf5 import opened_hdf5
from pipeline.process.imports import prepare_opencv
from tests.torture import hostilefiles, hostilehdf5

MOST_SECONDS, MOST_MEGABYTES = 5, 300
AT_ONCE = 0.5  # seconds of CPU from SIGTERM to the end
HANG = 60  # seconds on the clock, on a machine with other things to do
SIZE = 4  # pixels of a side of the small CSV and database
USAGES = ("Training", "PublicTest", "PrivateTest")
NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1, "filters": 4,
           "fc_units": [8]}

MAKE_MODEL = """
from pathlib import Path
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.training.network import compile_for_training
from tests.conftest import record_of
import sys
network = {network}
model = EmotionVGGNet.build(**network)
compile_for_training(model, "adam", 0.01)
model.optimizer.build(model.trainable_variables)
checkpoint.save(model, Path(sys.argv[1]) / "good.hdf5", record_of(network))
"""

STOPPED = 128 + signal.SIGTERM
ENDS = {0: "read", 2: "refused", STOPPED: "stopped"}  # by exit status
STATE = {"adam/iteration": ((), "int64"), "adam/learning_rate": ((), "float32"),
         "adam/block1_conv1_kernel_momentum": ((3, 3, 1, 4), "float32")}
Taken = namedtuple("Taken", "ended seconds megabytes")


def read_model(path):
    checkpoint.read(path)
    with reading(path, checkpoint.EXPECTED), opened_hdf5(path) as file:
        for name, (shape, dtype) in STATE.items():
            file.array(f"optimizer_weights/{name}", shape, dtype)


def read_table(path):
    list(RowSamples(path, SIZE, numbered="abcdefg", words={}, splits=dict.fromkeys(USAGES)))


def read_cascade(path):
    from pipeline.detection.faces.detectormodel import load_cascade

    load_cascade(path)


# kind: (suffix, how it is built, how it is read, its share of the cases)
KINDS = {
    "model": (".hdf5", hostilehdf5.model, read_model, 0.6),
    "database": (".hdf5", hostilehdf5.database, read_database, 0.2),
    "cascade": (".xml", hostilefiles.cascade, read_cascade, 0.1),
    "CSV": (".csv.gz", hostilefiles.table, read_table, 0.1),
}


def good_files(folder, kinds):
    """Return {kind: bytes} of good files to start from."""
    good = {"database": good_database(folder / "good_database"), "cascade": b"",
            "CSV": good_table()}
    if not kinds <= good.keys():
        subprocess.run([sys.executable, "-c", MAKE_MODEL.format(network=NETWORK), folder],
                       check=True, stderr=subprocess.DEVNULL)
        good["model"] = (folder / "good.hdf5").read_bytes()
    return good


def good_database(path):
    images = [np.full((SIZE, SIZE), number % 256) for number in range(300)]
    write_database(path, images, [number % 2 for number in range(300)], {"class_names": ("a", "b")})
    return path.read_bytes()


def good_table():
    rows = "".join(f"{n % 7},{' '.join(['7'] * SIZE**2)},{USAGES[n % 3]}\n" for n in range(50))
    return b"emotion,pixels,Usage\n" + rows.encode()


def megabytes():
    """Return the memory that this process has at present."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def read_in_child(read, path, report):
    """Read a file as a script would; never return."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(STOPPED))  # when Python has its turn
    os.write(report, str(megabytes()).encode())
    try:
        read(path)
        os._exit(0)
    except UserError as error:
        if str(path) in str(error) and "\n" not in str(error):
            os._exit(2)
        print(f"not one line with the path: {error}")
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(1)


def run_case(read, path, *, stop_after=None):
    """Read a file in a process of its own; return how that ended and what it took."""
    receive, report = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        read_in_child(read, path, report)
    before = float(os.read(receive, 32))
    os.close(receive)
    os.close(report)
    began = time.monotonic()
    if stop_after is not None:
        time.sleep(stop_after)
        before_stop = cpu_seconds(child)
        os.kill(child, signal.SIGTERM)
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - began > HANG:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
    taken = Taken(ENDS.get(os.waitstatus_to_exitcode(status), "crashed"),
                  usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6 - before)
    assert taken.ended != "crashed", taken
    assert stop_after is None or taken.seconds - before_stop < AT_ONCE, "deaf to SIGTERM"
    return taken


def cpu_seconds(process):
    """Return the CPU time of a process, user's and system's."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_kind(kind, cases, good, folder, seed=0):
    """Run cases of a kind; return how they ended, the most seconds and the most megabytes."""
    suffix, build, read, _ = KINDS[kind]
    ended, seconds, memory = Counter(), 0, 0
    for number in range(cases):
        random = np.random.default_rng((seed, number))
        path = folder / f"case{suffix}"
        build(path, random, good[kind])
        stop_after = random.uniform(0, 0.03) if number % 10 == 9 else None
        try:
            taken = run_case(read, path, stop_after=stop_after)
            assert taken.seconds <= MOST_SECONDS and taken.megabytes <= MOST_MEGABYTES, taken
        except AssertionError as error:
            raise AssertionError(f"{kind}, case {number}: {error}") from None
        ended[taken.ended] += 1
        seconds, memory = max(seconds, taken.seconds), max(memory, taken.megabytes)
    return ended, seconds, memory


def main(cases=2000, *kinds):
    prepare_opencv()
    read_cascade(hostilefiles.CASCADE)  # imported before memory is measured
    kinds = kinds or KINDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = good_files(folder, set(kinds))
        print(f"{'kind':14}cases  refused  read  stopped  worst CPU s  worst MB")
        for kind in kinds:
            ended, seconds, memory = run_kind(kind, round(cases * KINDS[kind][-1]), good, folder)
            print(f"{kind:14}{ended.total():5}{ended['refused']:9}{ended['read']:6}"
                  f"{ended['stopped']:9}{seconds:13.2f}{memory:10.0f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
