"""What 16 slow viewers of --serve cost the analysis.

    python -m benchmarks.serve

The sample video, as it is and enlarged, is analysed as fast as it can be, over and over: in turns
without a viewer, and with 16 in another process, each of whom reads 80,000 bytes a second. Prints
the medians over the turns of frames a second and of CPU milliseconds a frame, which hardly depend
on what else runs, and what the viewers cost: the median over the pairs of turns, and its quartiles.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import time
from itertools import islice
from statistics import median, quantiles
from types import SimpleNamespace

from config import emotion_config as config
from pipeline.process.imports import prepare_opencv

VIDEO = config.BASE_PATH / "samples" / "faces.mp4"
SIZES = (432, 240), (1280, 720)
VIEWERS = 16
PIECE, PAUSE = 8_000, 0.1  # bytes that a viewer reads at a time, and seconds between two pieces
FRAMES = 240  # of a turn


def view(port, looking, busy):
    """Look with all viewers while the event `looking` is set. busy: how many are at it."""
    async def look():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=PIECE)
        number = -1
        while True:
            while not looking.is_set():
                await asyncio.sleep(0.05)
            busy.value += 1
            writer.write(f"GET /newest?after={number} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         "Cookie: emotions=token\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            content = b""
            while len(content) < size:
                content += await reader.read(min(size - len(content), PIECE))
                await asyncio.sleep(PAUSE)
            number = json.loads(content)["number"]
            busy.value -= 1

    async def look_together():
        await asyncio.gather(*(look() for _ in range(VIEWERS)))

    asyncio.run(look_together())


def turn(page, analyzer, size):
    """Analyse, annotate and show FRAMES frames; return frames a second and CPU ms a frame."""
    import cv2

    from pipeline.detection.outputs.drawing import Annotator
    from pipeline.detection.runs.plan import Job
    from pipeline.detection.sources.framesource import Reading, open_source
    from pipeline.files.folder import Skips
    from pipeline.process.ending import StopRequest

    def frames():
        while True:
            with open_source(Job(str(VIDEO)), Skips(), StopRequest(), Reading()) as source:
                for frame in source:
                    frame.image = cv2.resize(frame.image, size)
                    yield frame

    annotator = Annotator(analyzer.class_names, with_time=True)
    began, cpu = time.perf_counter(), time.process_time()
    for frame, faces in analyzer.analyze(islice(frames(), FRAMES)):
        annotator.write(frame, faces)
        page.write(frame, faces)
    return (FRAMES / (time.perf_counter() - began),
            1000 * (time.process_time() - cpu) / FRAMES)


def print_cost(page, analyzer, size, looking, busy, turns):
    found = {False: [], True: []}
    for number in range(turns + 1):
        for with_viewers in (False, True) if number % 2 else (True, False):
            looking.set() if with_viewers else looking.clear()
            while busy.value != (VIEWERS if with_viewers else 0):
                turn(page, analyzer, size)  # until they look, or have read their last picture
            result = turn(page, analyzer, size)
            if number:  # the first pair fills caches
                found[with_viewers].append(result)
    for with_viewers, results in found.items():
        rate, cpu = (median(values) for values in zip(*results))
        print(f"{size[0]} x {size[1]}, {VIEWERS if with_viewers else 'no'} viewers: "
              f"{rate:.1f} frames/s, {cpu:.2f} CPU ms a frame")
    for what, place, sign in (("frames a second", 0, -1), ("CPU a frame", 1, 1)):
        costs = [100 * sign * (with_viewers[place] / without[place] - 1)
                 for without, with_viewers in zip(found[False], found[True])]
        low, middle, high = quantiles(costs, n=4)
        print(f"{size[0]} x {size[1]}, {what}: {VIEWERS} viewers cost {middle:.1f}% "
              f"({low:.1f} to {high:.1f})", flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=15, help="pairs (default: %(default)s)")
    turns = parser.parse_args(argv).turns
    prepare_opencv()
    from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
    from pipeline.detection.faces.emotionclassifier import EmotionClassifier
    from pipeline.detection.faces.facedetector import new_face_detector
    from pipeline.detection.faces.facetracker import FaceTracker
    from pipeline.detection.outputs.livepage import LivePage

    print(f"{os.cpu_count()} cores; running processes before, in the mean of 1 and 5 minutes: "
          "{:.1f} and {:.1f}".format(*os.getloadavg()))
    analyzer = EmotionAnalyzer(
        new_face_detector(None, None, config.CASCADE_PATH, pictures=False),
        EmotionClassifier(config.DETECTOR_MODEL_PATH, None), FaceTracker(), smoothing=0.14,
        least_confidence=0.0, frames_belong_together=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawning = multiprocessing.get_context("spawn")
    looking, busy = spawning.Event(), spawning.Value("l", 0)
    viewers = spawning.Process(target=view, args=(port, looking, busy), daemon=True)
    with LivePage("127.0.0.1", port, "token", analyzer.class_names, live=True, pictures=False,
                  stop=SimpleNamespace(requested=False)) as page:
        viewers.start()
        for size in SIZES:
            print_cost(page, analyzer, size, looking, busy, turns)
        viewers.terminate()


if __name__ == "__main__":
    main()
