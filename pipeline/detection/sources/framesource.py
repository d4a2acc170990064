"""Opens the source of a run's frames."""

import os
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from math import inf
from urllib.parse import unquote

from pipeline.commandline import existing_file
from pipeline.errors import UserError

STANDARD_INPUT = "-"
LINUX_CAMERAS = "/dev/video"
DEFAULT_RATE = 30  # frames a second, for a camera that does not say its rate


@dataclass(frozen=True)
class Reading:
    """How a video is read; times are in seconds."""

    every: int = 1  # each N-th frame is taken
    start: float = 0.0
    end: float | None = None  # None: the video's
    reconnect: float = 0.0  # for how long a stream that drops is tried again


def is_address(video):
    """Return whether a video is a stream's address, not a file's path."""
    return isinstance(video, str) and "://" in video


def local_path(video):
    """Return the path of a file:// address; other addresses and paths as they are."""
    return unquote(video.removeprefix("file://")) if video.startswith("file://") else video


def open_source(job, skips, stop, reading):
    """Return a context of the source of a Job's frames; raise UserError if it cannot be opened.

    skips: Skips of what cannot be read. stop: a StopRequest. reading: a Reading.
    """
    if job.pictures:
        from pipeline.detection.sources.picturesource import PictureSource

        return nullcontext(PictureSource(job.source, skips, leave_out=job.outputs))
    from pipeline.detection.sources.videosource import VideoSource

    if not is_address(job.source):
        reading = replace(reading, reconnect=0)
    return VideoSource(partial(open_reader, job.source, reading), skips, stop, reading)


def open_reader(video, reading, timeout=inf):
    """Return the reader of a camera or video; a stream has to open within `timeout` seconds."""
    if isinstance(video, int) or os.path.realpath(video).startswith(LINUX_CAMERAS):
        return CameraReader(video)
    from pipeline.detection.sources.videoreader import VideoReader

    address, name = f"file:{video}", video
    if is_address(video):
        address = video
    elif video == STANDARD_INPUT:
        address, name = f"pipe:{sys.stdin.fileno()}", "standard input"
    return VideoReader(address, name, network=is_address(video), start=reading.start,
                       end=reading.end, timeout=timeout)


def require_video(video):
    """Raise UserError if a video's path leads nowhere; a camera, pipe or address is not tried."""
    if isinstance(video, str) and not is_address(video) and video != STANDARD_INPUT and (
            os.path.isfile(video) or os.path.isdir(video) or not os.path.exists(video)):
        existing_file(video, "video file", "see samples/")


class CameraReader:
    """Iterates over the Frames of a webcam, with their times of arrival, as VideoReader does.

    camera: its number or the path of its device. Raises UserError if it cannot be opened.
    """

    live = steady = True
    count = sound = None
    rest = ()
    undecodable = 0
    broken = "no more frames"

    def __init__(self, camera):
        import cv2  # slow to import

        self.name = name = f"camera {camera}" if isinstance(camera, int) else camera
        self._capture = cv2.VideoCapture(camera)
        if not self._capture.isOpened():
            raise UserError(f"{name} cannot be opened: none is there, or another program uses it; "
                            "try another --camera number, or --video FILE")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 1000 else DEFAULT_RATE

    def close(self):
        self._capture.release()

    def __iter__(self):
        from pipeline.detection.sources.frame import Frame

        began = None
        for index in count():
            read, image = self._capture.read()
            if not read:
                return
            now = time.monotonic()
            began = began or now
            yield Frame(image, index, now - began, self.name)
