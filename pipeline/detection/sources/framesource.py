"""Where frames come from."""

import os
import stat
import sys
from functools import partial
from urllib.parse import urlsplit

from pipeline.commandline import existing_file

STANDARD_INPUT = "-"
LINUX_CAMERAS = 81  # the major number of video4linux devices


def is_address(video):
    """Return whether it is a stream's address, and no file's path."""
    return "://" in video


def local_path(video):
    """Return the path that a file:// address means; other addresses and paths as they are."""
    if not video.startswith("file://"):
        return video
    from urllib.request import url2pathname  # imports much, for http

    return url2pathname(urlsplit(video).path)


def require_source(job):
    """Raise UserError if the path of a Job's pictures, or of its video file, leads nowhere.

    It is quick, as it imports nothing that decodes.
    """
    if job.pictures:
        if not job.source.is_dir():
            readable_file(job.source, "picture")
    elif isinstance(job.source, str) and not is_address(job.source) \
            and job.source != STANDARD_INPUT:
        readable_file(job.source, "video file")


def open_source(job, skips, stop, *, every, reconnect):
    """Return the source of a Job's frames, which leaves to skips what it cannot read.

    stop: a StopRequest. every: take each N-th frame of the video. reconnect: for how many seconds
    a stream that drops is opened again. Raises UserError if it cannot be opened.
    """
    if job.pictures:
        from pipeline.detection.sources.picturesource import PictureSource

        return PictureSource(job.source, skips, leave_out=job.outputs)
    from pipeline.detection.sources.videosource import VideoSource

    name, open_reader = video_reader(job.source)
    if not (isinstance(job.source, str) and is_address(job.source)):
        reconnect = 0
    return VideoSource(open_reader, name, skips, stop, every=every, reconnect=reconnect)


def video_reader(video):
    """Return the name of a camera or video, and a function of a timeout that opens its reader."""
    if isinstance(video, int) or is_camera(video):
        from pipeline.detection.sources.camerareader import CameraReader

        name = f"camera {video}" if isinstance(video, int) else video
        return name, lambda timeout: CameraReader(video, name)
    from pipeline.detection.sources.videoreader import VideoReader

    network = is_address(video)
    if video == STANDARD_INPUT:
        name, address = "standard input", f"pipe:{sys.stdin.fileno()}"
    else:
        name, address = video, video if network else f"file:{video}"
    return name, partial(VideoReader, address, name, network=network)


def is_camera(path):
    """Return whether a path is a camera's device on Linux."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == LINUX_CAMERAS


def readable_file(path, what):
    """Raise UserError unless path is a file with something in it, a pipe or a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        mode = stat.S_IFREG
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        existing_file(path, what, "see samples/")
