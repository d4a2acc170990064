"""Stop the detector again and again, at random moments; nothing that is finished may be lost.

    python -m tests.torture.stop_detector [runs of each signal, 30] [signal ...]

Two kinds of run take turns, over a folder of pictures and over a video, each with every output over
earlier ones. Each is stopped by Ctrl-C (every third of them twice), SIGTERM, SIGHUP or SIGKILL, a
fifth of them in the start. What must hold afterwards is written at `check_stopped` and
`check_killed`.
"""

import csv
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

import av
from PIL import Image

from tests.conftest import SAMPLE_PICTURE, SAMPLE_VIDEO, start_script

PICTURES = 150
REPEATS = 20  # of the sample, in the video
EARLIER = "earlier"
STOPS = {"Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP,
         "SIGKILL": signal.SIGKILL}
LONGEST_END = 5  # seconds of CPU from the signal to the end; the clock depends on other work


def make_pictures(folder):
    picture = Image.open(SAMPLE_PICTURE)
    for number in range(PICTURES):
        part = folder / f"part {number % 3}"
        part.mkdir(parents=True, exist_ok=True)
        picture.save(part / f"{number:03}.jpg")


def make_video(path):
    """Write the sample REPEATS times over, without encoding it again."""
    with av.open(str(SAMPLE_VIDEO)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.dts is not None]
        length = packets[-1].dts - packets[0].dts + packets[0].duration
        contents = [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe, packet.time_base)
                    for packet in packets]
        for repeat in range(REPEATS):
            for content, pts, dts, key, time_base in contents:
                packet = av.Packet(content)
                packet.pts, packet.dts = pts + repeat * length, dts + repeat * length
                packet.time_base, packet.is_keyframe, packet.stream = time_base, key, stream
                target.mux(packet)


def start(kind, source, results):
    """Start a run of a kind over earlier results, and return its process."""
    for name in ("x.csv", "x.png", "x.mp4") if kind == "video" else ("x.csv",):
        (results / name).write_text(EARLIER)
    output = results / ("x.mp4" if kind == "video" else "copies")
    return start_script("emotion_detector.py", "--no-display",
                        "--video" if kind == "video" else "--image", source, "--output", output,
                        "--csv", results / "x.csv",
                        *["--timeline", results / "x.png"] * (kind == "video"))


def rows_of(path):
    """Return the rows of a CSV, each of which must be whole."""
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\r\n"), f"{path}: ends within a row"
    rows = list(csv.DictReader(text.splitlines()))
    assert all(None not in row and None not in row.values() for row in rows), path
    return rows


def check_stopped(kind, results, rows_before):
    """Every output is at its place and whole, with what was there when the signal came."""
    if rows_before == 0 and (results / "x.csv").read_text() == EARLIER:
        assert kind != "video" or (results / "x.mp4").read_text() == EARLIER
        return "nothing was there yet"
    rows = rows_of(results / "x.csv")
    assert len(rows) >= rows_before, f"{len(rows)} rows, {rows_before} were there"
    table = json.loads((results / "x.json").read_text())
    assert table["source"]["frames"] == len({(row["frame"], row.get("file")) for row in rows})
    if kind == "video":
        Image.open(results / "x.png").load()
        last = int(rows[-1]["frame"])
        with av.open(str(results / "x.mp4")) as container:
            frames = sum(1 for _ in container.decode(video=0))
        assert last < frames <= last + 5, f"{frames} frames, the last row is of {last}"
    else:
        copies = sorted(path.relative_to(results / "copies").as_posix()
                        for path in (results / "copies").rglob("*.jpg"))
        assert copies == sorted({row["file"] for row in rows}), "a copy or its row is missing"
        for copy in copies[-3:]:
            Image.open(results / "copies" / copy).load()
    left = [path.name for path in results.rglob("*") if "partial" in path.name]
    assert not left, left
    return f"{len(rows)} rows"


def check_killed(kind, results, source):
    """The earlier files are where they were, the rows beside them; and again after the next run."""
    assert (results / "x.csv").read_text() == EARLIER
    assert not (results / "x.json").exists()
    assert kind != "video" or all(
        (results / name).read_text() == EARLIER for name in ("x.mp4", "x.png"))
    left = growing(results)
    rows = 0
    if left and left.stat().st_size:
        content = left.read_bytes()
        assert content.endswith(b"\r\n")
        rows = content.count(b"\n") - 1
        left.unlink()
    again = start(kind, source, results)
    wait_for_rows(again, results)
    assert (results / "x.csv").read_text() == EARLIER
    again.kill()
    again.communicate()
    return f"{rows} rows are left beside the earlier table"


def growing(results):
    """Return the path of the table that a run writes, once it is there."""
    table = results / "x.partial.csv"
    return table if table.exists() else None


def wait_for_rows(process, results):
    began = time.time()
    while process.poll() is None and time.time() < began + 120:
        table = growing(results)
        if table and table.stat().st_size:
            return
        time.sleep(0.01)


def stop(kind, source, results, signals, at_start):
    """Start a run, stop it at a random moment, and return what was found, or None if it was over.

    signals: what is sent, in this order.
    """
    process = start(kind, source, results)
    if at_start:
        time.sleep(random.uniform(0.3, 3))
    else:
        wait_for_rows(process, results)
        time.sleep(random.uniform(0, 3))
    table = growing(results)
    rows_before = max(table.read_bytes().count(b"\n") - 1, 0) if table else 0
    if process.poll() is not None:
        process.communicate()
        return None
    began, used = time.time(), cpu_seconds(process.pid)
    for number in signals:
        process.send_signal(number)
        time.sleep(random.choice([0, 0.05, 0.3]) if len(signals) > 1 else 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, stderr = process.communicate(timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.time() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - used
    if signals[0] == signal.SIGKILL:
        return check_killed(kind, results, source)
    # Before Python has come to the script's main(), a signal ends it in Python's own way.
    assert process.returncode == -signals[0] or "Traceback" not in stderr, stderr
    assert process.returncode in (128 + signals[0], -signals[0]), (process.returncode, stderr)
    assert cpu < LONGEST_END, f"{cpu:.1f} s of CPU to the end"
    return (f"{check_stopped(kind, results, rows_before)}; {seconds:.1f} s to the end, "
            f"{max(cpu, 0):.1f} s of CPU")


def cpu_seconds(pid):
    """Return what a running process has used, from Linux's /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    runs = int(sys.argv[1]) if sys.argv[1:] else 30
    stops = {what: STOPS[what] for what in sys.argv[2:] or STOPS}
    seed = time.time_ns() % 100_000
    print(f"seed {seed}")
    random.seed(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pictures(folder / "pictures")
        make_video(folder / "video.mp4")
        sources = {"pictures": folder / "pictures", "video": folder / "video.mp4"}
        for what, number in stops.items():
            done = 0
            while done < runs:
                kind = ("pictures", "video")[done % 2]
                results = folder / f"{what} {done}"
                results.mkdir(exist_ok=True)
                twice = number == signal.SIGINT and done % 3 == 2
                found = stop(kind, sources[kind], results, [number] * (1 + twice),
                             at_start=done % 5 == 4)
                if found is None:  # it was at its end already
                    continue
                done += 1
                print(f"{what}{' twice' * twice} {done}, {kind}: {found}", flush=True)
    each = " each" if len(stops) > 1 else ""
    print(f"{runs} runs stopped by {', '.join(stops)}{each}: nothing was lost")


if __name__ == "__main__":
    main()
