"""Reads a video file or a stream with FFmpeg."""

from contextlib import suppress

import av

from pipeline.detection.sources.frame import SoundPacket
from pipeline.detection.sources.opening import (
    PLAYLISTS,
    TIMEOUT,
    nominal_rate,
    open_container,
    promised_seconds,
    reason,
    video_stream,
)
from pipeline.detection.sources.videodecoder import VideoDecoder
from pipeline.errors import UserError

# A file that ends this much before the end that its header promises breaks off, seconds.
BREAKS_OFF = 0.5

# Packets that wait for the start of a part; if more come between two keyframes, all are decoded.
MOST_WAITING = 2000


class VideoReader:
    """Iterates over the DecodedFrames of what FFmpeg opens by an address.

    A frame that cannot be decoded leaves its index free. seconds is the time that the file gives
    to a frame, from the file's start; a live stream without times has those of arrival. start,
    end: seconds of the part that is read; its frames keep the file's indices and times.

    live: it has no known end. rate: nominal, frames a second; steady: all frames have this rate.
    count: frames to come by the header, or None. sound: the stream of the sound, or None;
    rest: its SoundPackets after the last frame. broken: why reading ended before the video did,
    or None. Raises UserError if it cannot be opened, or is live and a part is wanted.
    """

    def __init__(self, address, name, *, network, start=0.0, end=None, timeout=TIMEOUT):
        self.name = name
        self.rest = []
        self.broken = None
        self._container = container = open_container(address, name, network=network,
                                                     timeout=timeout)
        self._video = video = video_stream(container, name)
        self.sound = container.streams.best("audio")
        self._streams = [stream for stream in (video, self.sound) if stream is not None]
        has_size = container.format.name not in PLAYLISTS and container.size > 0
        self.live = network and not container.duration and not has_size
        if self.live and (start or end is not None):
            raise UserError(f"{name}: a live stream has no parts; leave out --start and --end")
        self._start, self._end = start, end
        self._duration = promised_seconds(container, self._streams)
        self.rate, self.steady = nominal_rate(video)
        self.count = self._promised_frames()
        self._decoder = VideoDecoder(container, video, name, live=self.live)
        self._read = 0.0  # end of the packets so far, seconds
        self._newest = None  # time of the newest picture's packet, seconds
        self._times = []  # of the pictures' packets, until the part begins

    @property
    def undecodable(self):
        """Number of frames so far that could not be decoded."""
        return self._decoder.undecodable

    def close(self):
        """Close it, from the thread that reads or once that has ended."""
        self._container.close()

    def __iter__(self):
        index, sound, began = 0, [], self._start == 0
        for packet in self._packets() if began else self._packets_from_keyframe():
            if packet is not None and packet.stream is self.sound:
                sound.append(SoundPacket(packet, self._seconds(packet) or 0.0))
                continue
            frames = self._decoder.decode(packet)
            for frame in frames or ():
                if self._end is not None and frame.seconds >= self._end:
                    self.rest = [piece for piece in sound if piece.seconds < self._end]
                    return
                if not began and frame.seconds >= self._start:
                    began = True
                    index = sum(seconds < frame.seconds for seconds in self._times) or index
                    sound = [piece for piece in sound if piece.seconds >= self._start]
                if began:
                    frame.index, frame.sound, sound = index, sound, []
                    yield frame
                index += 1
            index += frames is None
        self.rest = sound
        self._note_undecoded_end(began)

    def _packets(self):
        """Yield the packets of picture and sound, and None for the end."""
        try:
            with suppress(IndexError):  # PyAV's, if a stream has come up after the start
                for packet in self._container.demux(*self._streams):
                    self._note_end(packet)
                    if packet.size:  # an empty one would tell the decoder that the end has come
                        yield packet
        except av.FFmpegError as error:
            self.broken = reason(error)
        else:
            if self.live:
                self.broken = "it ended"
            elif self._read < self._duration - BREAKS_OFF:
                self.broken = f"breaks off after {self._read:.1f} of {self._duration:.1f} s"
        yield None

    def _packets_from_keyframe(self):
        """Yield the packets from the last keyframe before the start on.

        All of an .avi, which does not say when a keyframe is shown.
        """
        if self._container.format.name == "avi":
            yield from self._packets()
            return
        waiting, reached = [], False
        for packet in self._packets():
            seconds = None
            if packet is not None and packet.stream is self._video and not packet.is_discard:
                seconds = self._seconds(packet)
            if seconds is not None:
                self._times.append(seconds)
                if packet.is_keyframe and seconds < self._start and not reached:
                    waiting.clear()
            waiting.append(packet)
            reached |= (packet is None or len(waiting) > MOST_WAITING
                        or (seconds is not None and seconds >= self._start))
            if reached:
                yield from waiting
                waiting.clear()

    def _seconds(self, packet):
        """Return the seconds from the start to a packet's time, or None."""
        time = packet.pts if packet.pts is not None else packet.dts
        return None if time is None else self._decoder.clock.since_start(
            float(time * packet.time_base))

    def _note_end(self, packet):
        seconds = self._seconds(packet)
        if seconds is None:
            return
        self._read = max(self._read, seconds + float((packet.duration or 0) * packet.time_base))
        if packet.stream is self._video and not packet.is_discard:
            self._newest = seconds

    def _note_undecoded_end(self, began):
        """Note that the decoder left out the end without an error, as HEVC's does."""
        last = self._decoder.clock.seconds
        if self.broken or last is None or self._newest is None:
            return
        if last < self._newest - BREAKS_OFF:
            self.broken = f"cannot be decoded after {last:.1f} of {self._newest:.1f} s"
        elif not began:
            self.broken = f"ends after {last:.1f} s, before --start"

    def _promised_frames(self):
        """Return how many frames the header promises, or None."""
        frames = self._video.frames or None
        if frames is None or not self._duration or (not self._start and self._end is None):
            return frames
        end = min(self._end or self._duration, self._duration)
        return round(frames * max(end - self._start, 0) / self._duration)
