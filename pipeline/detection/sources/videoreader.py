"""Reads a video file or a stream with FFmpeg."""

from contextlib import suppress
from fractions import Fraction
from math import inf

import av
from av.stream import Disposition

from pipeline.detection.sources.frame import SoundPacket
from pipeline.detection.sources.videodecoder import VideoDecoder
from pipeline.errors import UserError

# A local file must not name other files or servers, and FFmpeg would draw a text.
PLAYLISTS = {"concat", "dash", "hls", "image2", "image2pipe", "imf", "lavfi", "rtsp", "sdp",
             "smoothstreaming", "webm_dash_manifest"}
TEXTS = {"adf", "bin", "idf", "tty", "xbin"}

MOST_PIXELS = 80_000_000  # those of a frame of 12K, which takes about a gigabyte while it is read

TIMEOUT = 10.0  # seconds that a stream may take to open, and be silent once it is open

DEFAULT_RATE, LARGEST_RATE = Fraction(25), 1000  # frames a second; a higher one is a mistake
STEADY = 0.05  # a mean rate further from the nominal one is not steady
BREAKS_OFF = 0.5  # seconds that a file may end before its header's end


class VideoReader:
    """Iterates over the DecodedFrames of what FFmpeg opens by an address.

    start, end: seconds of the part that is read; its frames keep the file's indices and times, and
    damaged ones leave their indices free. live: it has no known end. rate: nominal, frames a
    second; steady: all frames have it. count: frames by the header, or None. sound: its stream, or
    None; rest: its SoundPackets after the last frame. broken: why reading ended early, or None.
    undecodable: number of damaged frames. Raises UserError if it cannot be opened.
    """

    def __init__(self, address, name, *, network, start=0.0, end=None, timeout=inf):
        self.name = name
        self.rest, self.broken, self.undecodable = [], None, 0
        self._container = container = open_container(address, name, network, timeout)
        self._video = video = video_stream(container, name)
        self.sound = container.streams.best("audio")
        self._streams = [stream for stream in (video, self.sound) if stream is not None]
        is_file = container.format.name not in PLAYLISTS and container.size > 0
        self.live = network and not container.duration and not is_file
        self._start, self._end = start, end
        self._duration = promised_seconds(container, self._streams)
        self.rate, self.steady = nominal_rate(video)
        self.count = None if start or end is not None else video.frames or None
        self._decoder = VideoDecoder(container, video, name, self.rate, live=self.live)
        self._read = self._newest = 0.0  # end of all packets and start of the newest picture
        self._times = []  # of the pictures' packets, until the part begins

    def close(self):
        """Close it, from the thread that reads or once that has ended."""
        self._container.close()

    def __iter__(self):
        index, sound, began = 0, [], self._start == 0
        for packet, seconds in self._packets() if began else self._packets_from_keyframe():
            if packet is not None and packet.stream is self.sound:
                sound.append(SoundPacket(packet, seconds or 0.0))
                continue
            frames = self._decoder.decode(packet)
            if frames is None:
                index += 1
                self.undecodable += 1
                continue
            for frame in frames:
                if self._end is not None and frame.seconds >= self._end:
                    self.rest = [piece for piece in sound if piece.seconds < self._end]
                    return
                if not began and frame.seconds >= self._start:
                    began = True
                    index = sum(time < frame.seconds for time in self._times) or index
                    sound = [piece for piece in sound if piece.seconds >= self._start]
                if began:
                    frame.index, frame.sound, sound = index, sound, []
                    yield frame
                index += 1
        self.rest = sound
        self.broken = self.broken or self._early_end(began)

    def _packets(self):
        """Yield the packets of picture and sound with their seconds, and None for the end."""
        try:
            with suppress(IndexError):  # PyAV's, if a stream has come up after the start
                for packet in self._container.demux(*self._streams):
                    seconds = self._decoder.seconds_of(packet)
                    if seconds is not None:
                        length = float((packet.duration or 0) * packet.time_base)
                        self._read = max(self._read, seconds + length)
                        if self._is_shown(packet):
                            self._newest = seconds
                    if packet.size:  # an empty one would tell the decoder that the end has come
                        yield packet, seconds
        except av.FFmpegError as error:
            self.broken = reason(error)
        else:
            self.broken = "it ended" if self.live else None
        yield None, None

    def _packets_from_keyframe(self):
        """Yield the packets from the last keyframe before the start on, or all of an .avi's."""
        waiting, reached = [], self._decoder.is_avi
        for packet, seconds in self._packets():
            if not self._decoder.is_avi and seconds is not None and self._is_shown(packet):
                self._times.append(seconds)
                reached |= seconds >= self._start
                if packet.is_keyframe and not reached:
                    waiting.clear()
            waiting.append((packet, seconds))
            if reached or packet is None:
                yield from waiting
                waiting.clear()

    def _is_shown(self, packet):
        return packet.stream is self._video and not packet.is_discard

    def _early_end(self, began):
        """Return why the frames ended before the file should, or None.

        Packets are missing, or the decoder has left out the last ones, as HEVC's does.
        """
        last, promised = self._decoder.seconds, max(self._duration, self._read)
        read = last if 0 <= last < self._newest - BREAKS_OFF else self._read
        if read < promised - BREAKS_OFF:
            return f"breaks off after {read:.1f} of {promised:.1f} s"
        return None if began or last < 0 else f"ends after {last:.1f} s, before --start"


def open_container(address, name, network, timeout):
    options = {"rtsp_flags": "prefer_tcp"} if network else {
        "format_whitelist": ",".join(av.formats_available - PLAYLISTS - TEXTS)}
    try:
        return av.open(address, options=options,
                       timeout=(min(timeout, TIMEOUT), TIMEOUT) if network else None)
    except (av.FFmpegError, UnicodeError) as error:
        if network:
            raise UserError(f"{name}: the stream cannot be opened: {reason(error)}") from error
        raise UserError(
            f"{name}: cannot be read as a video; expected a whole file such as an .mp4, not a "
            "picture (see --image) and not a playlist of other files") from error


def video_stream(container, name):
    """Return the stream of the moving picture; raise UserError if none can be decoded."""
    video = container.streams.best("video")
    if video is None or Disposition.attached_pic in video.disposition:
        raise UserError(f"{name}: has no moving picture; expected a video")
    if video.codec_context is None:
        raise UserError(f"{name}: its video codec is not known; convert it to H.264")
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


def reason(error):
    if isinstance(error, av.ExitError):
        return f"no data for {TIMEOUT:.0f} s"
    return getattr(error, "strerror", None) or str(error)
