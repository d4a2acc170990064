"""Opens video files and streams with FFmpeg."""

import re

import av
from av.stream import Disposition

from pipeline.detection.sources.framememory import most_pixels, require_memory
from pipeline.errors import UserError

# Formats that name other files or servers: in a local file they would lead out of it.
PLAYLISTS = {"concat", "dash", "hls", "image2", "image2pipe", "imf", "lavfi", "rtsp", "sdp",
             "smoothstreaming", "webm_dash_manifest"}

# Formats of text that FFmpeg would draw: somebody's notes are no video.
DRAWN_TEXT = {"adf", "bin", "idf", "tty", "xbin"}

# Beyond this a pixel's width over its height is a mistake in the header.
LARGEST_ASPECT = 10

# How long a stream may take to open, and be silent once it is open, seconds.
TIMEOUT = 10.0


def open_container(address, name, *, network, timeout):
    """Return what FFmpeg opens by an address. Raises UserError, with the name, if it cannot."""
    options = {"rtsp_flags": "prefer_tcp"} if network else {
        "format_whitelist": ",".join(av.formats_available - PLAYLISTS - DRAWN_TEXT)}
    try:
        return av.open(address, options=options, timeout=(timeout, TIMEOUT) if network else None)
    except (av.FFmpegError, UnicodeError) as error:
        if network:
            raise UserError(f"{name}: the stream cannot be opened: {reason(error)}") from error
        raise UserError(
            f"{name}: cannot be read as a video; expected a whole file such as an .mp4, not a "
            "picture (see --image) and not a playlist of other files") from error


def video_stream(container, name):
    """Return the stream of the moving picture. Raises UserError if none can be decoded."""
    video = container.streams.best("video")
    if video is None or Disposition.attached_pic in video.disposition:
        raise UserError(f"{name}: has no moving picture; expected a video")
    if video.codec_context is None:
        raise UserError(f"{name}: its video codec is not known; convert it to H.264")
    size = (video.width, video.height) if video.width and video.height else refused_size(
        container.name)
    if size:
        require_memory(name, *size, aspect(video.sample_aspect_ratio), video.pix_fmt)
    video.codec_context.options = {"max_pixels": str(most_pixels(video.pix_fmt))}
    return video


def aspect(ratio):
    """Return a pixel's width over its height, 1 where it is not known or makes no sense."""
    ratio = ratio or 1
    return ratio if 1 / LARGEST_ASPECT <= ratio <= LARGEST_ASPECT else 1


def refused_size(address):
    """Return the width and height that are too much for FFmpeg, or None: only its log has them."""
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as lines, av.open(address):
            pass
    except av.FFmpegError:
        pass
    finally:
        av.logging.set_level(None)
    sizes = re.findall(r"Picture size (\d+)x(\d+) is invalid", str(lines))
    return tuple(map(int, sizes[0])) if sizes else None


def reason(error):
    """Return in a few words what FFmpeg says."""
    if isinstance(error, av.ExitError):
        return f"no data for {TIMEOUT:.0f} s"
    return getattr(error, "strerror", None) or str(error)
