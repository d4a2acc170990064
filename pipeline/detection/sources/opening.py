"""Opens video files and streams with FFmpeg."""

from fractions import Fraction

import av
from av.stream import Disposition

from pipeline.errors import UserError

# Formats that name other files or servers: in a local file they would lead out of it.
PLAYLISTS = {"concat", "dash", "hls", "image2", "image2pipe", "imf", "lavfi", "rtsp", "sdp",
             "smoothstreaming", "webm_dash_manifest"}

# Formats of text that FFmpeg would draw: notes are no video.
DRAWN_TEXT = {"adf", "bin", "idf", "tty", "xbin"}

# Seconds that a stream may take to open, and be silent once it is open.
TIMEOUT = 10.0

# A frame of 12K has this many pixels; they take about a gigabyte while it is read.
MOST_PIXELS = 80_000_000

# Frames a second, for a video that does not say its rate.
DEFAULT_RATE = Fraction(25)

# A higher rate is a mistake in the header, and a mean this far from the rate is not steady.
LARGEST_RATE = 1000
STEADY = 0.05

# Beyond this a pixel's width over its height is a mistake in the header.
LARGEST_ASPECT = 10


def open_container(address, name, *, network, timeout):
    """Return the av container of an address. Raises UserError, with the name, if it cannot."""
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
    require_size(name, video.width, video.height, aspect(video.sample_aspect_ratio))
    video.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return video


def nominal_rate(video):
    """Return a stream's nominal rate, frames a second, and whether all its frames have it."""
    rate, average = video.base_rate, video.average_rate
    if not rate or not average or not 1 / LARGEST_RATE <= rate <= LARGEST_RATE:
        return DEFAULT_RATE, False
    return rate, abs(average / rate - 1) < STEADY


def promised_seconds(container, streams):
    """Return the duration of the picture and sound that are read, by the header; 0 if unknown."""
    seconds = (container.duration or 0) / av.time_base
    if len(streams) < len(container.streams):  # one that is not read may be longer
        seconds = max(float((stream.duration or 0) * stream.time_base) for stream in streams)
    if container.format.name == "avi":  # FFmpeg gives the duration of what is there
        seconds = max(seconds, float(streams[0].frames * streams[0].time_base))
    return seconds


def require_size(name, width, height, aspect):
    """Raise UserError if a frame has too many pixels, as it is or once its pixels are square."""
    pixels = width * height * max(aspect, 1 / aspect)
    if pixels > MOST_PIXELS:
        raise UserError(f"{name}: frames of {pixels / 1e6:,.0f} million pixels, and the limit is "
                        f"{MOST_PIXELS / 1e6:.0f} million; shrink the video")


def aspect(ratio):
    """Return a pixel's width over its height, 1 where it is not known or makes no sense."""
    ratio = ratio or 1
    return ratio if 1 / LARGEST_ASPECT <= ratio <= LARGEST_ASPECT else 1


def reason(error):
    """Return in a few words what FFmpeg says."""
    if isinstance(error, av.ExitError):
        return f"no data for {TIMEOUT:.0f} s"
    return getattr(error, "strerror", None) or str(error)
