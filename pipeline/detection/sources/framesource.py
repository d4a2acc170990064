"""Opens the source of a run's frames."""

import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from pipeline.commandline import existing_file

STANDARD_INPUT = "-"
LINUX_CAMERAS = "/dev/video"


@dataclass(frozen=True)
class Reading:
    """How a video is read.

    every: each N-th frame is taken. start, end: seconds of the part that is read; None is the
    video's end. reconnect: for how many seconds a stream that drops is tried again.
    """

    every: int = 1
    start: float = 0.0
    end: float | None = None
    reconnect: float = 0.0


def is_address(video):
    """Return whether a video is a stream's address, not a file's path."""
    return isinstance(video, str) and "://" in video


def local_path(video):
    """Return the path of a file:// address; other addresses and paths as they are."""
    if not video.startswith("file://"):
        return video
    from urllib.request import url2pathname  # slow to import

    return url2pathname(urlsplit(video).path)


def open_source(job, skips, stop, reading):
    """Return a context of the source of a Job's frames, which are read by a Reading.

    skips: Skips of what cannot be read. stop: a StopRequest. Raises UserError if the source cannot
    be opened.
    """
    if job.pictures:
        from pipeline.detection.sources.picturesource import PictureSource

        return nullcontext(PictureSource(job.source, skips, leave_out=job.outputs))
    from pipeline.detection.sources.videosource import VideoSource

    return VideoSource(partial(open_reader, job.source, reading), skips, stop, reading)


def open_reader(video, reading, closed):
    """Return the reader of a camera or video; `closed` is an Event that ends tries to reconnect."""
    if isinstance(video, int) or os.path.realpath(video).startswith(LINUX_CAMERAS):
        from pipeline.detection.sources.videosource import CameraReader

        return CameraReader(video)
    from pipeline.detection.sources.reconnectingreader import ReconnectingReader
    from pipeline.detection.sources.videoreader import VideoReader

    part = {"start": reading.start, "end": reading.end}
    if is_address(video):
        open_stream = partial(VideoReader, video, video, network=True, **part)
        return ReconnectingReader(open_stream, reading.reconnect, closed)
    if video == STANDARD_INPUT:
        return VideoReader(f"pipe:{sys.stdin.fileno()}", "standard input", network=False, **part)
    return VideoReader(f"file:{video}", video, network=False, **part)


def require_video(video):
    """Raise UserError if a video's path leads nowhere. A camera or an address is not tried."""
    if isinstance(video, str) and not is_address(video) and video != STANDARD_INPUT:
        require_file(video, "video file")


def require_file(path, what):
    """Raise UserError unless a path is a file with something in it, a pipe or a device."""
    if not os.path.exists(path) or os.path.isfile(path) or os.path.isdir(path):
        existing_file(path, what, "see samples/")
