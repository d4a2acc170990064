"""How late the frames of a live stream are, over this machine's own network."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import cache
from types import SimpleNamespace

import av
import numpy as np
import pytest

from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
from pipeline.detection.faces.facetracker import FaceTracker
from pipeline.detection.runs.plan import Job
from pipeline.detection.sources.framesource import Reading, open_source
from pipeline.files.folder import Skips
from pipeline.process.ending import StopRequest
from tests.detection.clips import sample_images

RATE = 30
MOST_LATE = 0.5
SECONDS = 2  # of each measurement


@cache
def encoded(codec):
    """Return a second of packets, each a frame by itself."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = 432, 240, "yuvj420p"
    context.time_base = Fraction(1, RATE)
    return [bytes(packet) for image in sample_images()[:RATE] for packet in context.encode(
        av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuvj420p"))]


@contextmanager
def live_stream(container, burst=1):
    """Yield a stream's address and a list of when its frames were sent, which grows.

    burst: so many frames are sent at a time.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    pictures, sent, over = encoded("mjpeg"), [], threading.Event()

    def serve():
        connection, _ = listener.accept()
        with (suppress(OSError, av.FFmpegError), connection,
              connection.makefile("wb", buffering=0) as file,
              av.open(file, "w", format=container, options={"flush_packets": "1"} | (
                  {"live": "1"} if container == "matroska" else {})) as output):
            video = output.add_stream("mjpeg", rate=RATE)
            video.width, video.height, video.pix_fmt = 432, 240, "yuvj420p"
            began = time.monotonic()
            while not over.wait(max(began + len(sent) / RATE - time.monotonic(), 0)):
                for _ in range(burst):
                    packet = av.Packet(pictures[len(sent) % RATE])
                    packet.stream, packet.time_base = video, Fraction(1, RATE)
                    packet.pts = packet.dts = len(sent)
                    sent.append(time.monotonic())
                    output.mux(packet)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}", sent
    finally:
        over.set()
        listener.close()


def opened(address):
    return open_source(Job(address), Skips(), StopRequest(), Reading())


def delays(frames, sent, until):
    """Return by how many seconds the frames come later than they were sent."""
    late = []
    for number, frame in enumerate(frames):
        if number:  # the first one waits until the stream is open
            late.append(time.monotonic() - sent[round(frame.seconds * RATE)])
        if time.monotonic() > until:
            return late


def is_punctual(measure, most, tries=4):
    """Return whether one of some measurements is below `most`: other programs may delay some."""
    return any(measure() < most for _ in range(tries))


@pytest.mark.parametrize("pause", [0.05, 0.7])
def test_a_frame_is_at_most_half_a_second_late_at_any_rate_of_analysis(pause):
    def slowly(frames):
        for frame in frames:
            yield frame
            time.sleep(pause)

    def measure():
        with live_stream("matroska") as (address, sent), opened(address) as source:
            return max(delays(slowly(source), sent, time.monotonic() + SECONDS))

    assert is_punctual(measure, MOST_LATE)


def test_a_slow_search_for_faces_makes_no_frame_late():
    def detect(image, seconds):
        time.sleep(0.3)
        return np.zeros((0, 4), int)

    analyzer = EmotionAnalyzer(
        SimpleNamespace(detect=detect, forget=lambda: None, takes_color=False, width=0, min_face=0),
        SimpleNamespace(classify=lambda gray, boxes: time.sleep(0.3) or [], class_names=[]),
        FaceTracker(), smoothing=0, least_confidence=0, frames_belong_together=True)

    def measure():
        with live_stream("matroska") as (address, sent), opened(address) as source:
            analysed = analyzer.analyze(source, StopRequest(), live=source.live)
            return max(delays((frame for frame, _ in analysed), sent, time.monotonic() + SECONDS))

    assert is_punctual(measure, 0.6 + MOST_LATE)


def test_the_frames_of_a_burst_have_their_own_times():
    with live_stream("matroska", burst=6) as (address, _), opened(address) as source:
        seconds = [frame.seconds for frame, _ in zip(source, range(20))]
    steps = np.diff(seconds) * RATE
    assert seconds[0] == 0 and steps == pytest.approx(np.rint(steps), abs=0.1)
    assert np.median(steps) == pytest.approx(1, abs=0.1)


def test_a_stream_without_times_has_those_of_arrival():
    with live_stream("mpjpeg") as (address, _), opened(address) as source:
        arrived = [(time.monotonic(), frame.seconds) for frame, _ in zip(source, range(50))]
    times, seconds = np.array(arrived[5:]).T
    assert seconds - seconds[0] == pytest.approx(times - times[0], abs=0.2)
    assert seconds[-1] - seconds[0] > 20 / RATE
