"""Streams that drop, come back, stall and are stopped, over this machine's own network."""

import csv
import re
import signal
import socket
import threading
import time
from contextlib import contextmanager

import av
import pytest

from tests.conftest import start_script
from tests.detection.clips import at_rate, write_clip

SECONDS = 1.5  # of a clip, sent at its own pace
LONGEST_END = 4  # seconds from Ctrl-C to the end; on a quiet machine it takes less than 2


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = write_clip(tmp_path_factory.mktemp("clip") / "part.ts", at_rate(int(20 * SECONDS)))
    return path.read_bytes()


@contextmanager
def server(content, connections, *, stalls=False):
    """Yield the address of a server that sends content to some connections, one after another.

    stalls: the last connection stays open, and nothing more comes.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        for number in range(connections):
            connection, _ = listener.accept()
            with connection:
                for part in range(20):
                    connection.sendall(content[part * len(content) // 20:
                                               (part + 1) * len(content) // 20])
                    time.sleep(SECONDS / 20)
                if stalls and number == connections - 1:
                    over.wait()
        listener.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()


def watch(address, folder, *more):
    return start_script("emotion_detector.py", "--no-display", "--video", address, "--csv",
                        folder / "x.csv", "--output", folder / "x.mp4", *more)


def seconds_of(folder):
    with open(folder / "x.csv", newline="") as file:
        return [float(row["seconds"]) for row in csv.DictReader(file)]


def test_one_that_drops_is_opened_again_and_one_that_stays_away_is_told(clip, tmp_path):
    with server(clip, connections=2) as address:
        process = watch(address, tmp_path, "--reconnect", 1)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    lines = re.findall(r"^0:00:0\d\.\d  1 face: 1 neutral \d\d%$", stdout, re.MULTILINE)
    assert 2 <= len(lines) < 3 * SECONDS + 4  # one a second
    assert [line.split(": ", 1)[1].split(",")[0] for line in stderr.splitlines()] == [
        "drops", "is back", "drops", "did not come back within 1 s; what was read is kept"]
    seconds = seconds_of(tmp_path)
    assert seconds == sorted(seconds) and 1.5 * SECONDS < seconds[-1] < 3 * SECONDS + 4
    with av.open(str(tmp_path / "x.mp4")) as annotated:
        frames = [frame.time for frame in annotated.decode(video=0)]
    assert frames[-1] == pytest.approx(seconds[-1], abs=0.5)


def test_ctrl_c_ends_one_that_stalls(clip, tmp_path):
    with server(clip, connections=1, stalls=True) as address:
        process = watch(address, tmp_path)
        growing = tmp_path / "x.partial.csv"
        while process.poll() is None and not (
                growing.exists() and growing.read_text().count("\n") > 1):
            time.sleep(0.02)
        time.sleep(SECONDS)  # until nothing comes any more
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < LONGEST_END
    assert seconds_of(tmp_path)
