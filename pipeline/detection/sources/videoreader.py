"""Reads a video file or a stream with FFmpeg."""

from collections import deque
from contextlib import suppress
from fractions import Fraction

import av

from pipeline.detection.sources.clock import Clock
from pipeline.detection.sources.decodedframe import DecodedFrame
from pipeline.detection.sources.opening import (
    PLAYLISTS,
    TIMEOUT,
    open_container,
    reason,
    video_stream,
)
from pipeline.detection.sources.presentation import Presentation
from pipeline.detection.sources.sound import SoundPacket

# For a video that does not tell its rate, frames a second.
DEFAULT_RATE = Fraction(25)

# Others are mistakes in the header; and by how much the mean of a steady rate may be off it.
LARGEST_RATE = 1000
STEADY = 0.05

# A file whose end is this far from where it promises breaks off, seconds.
BREAKS_OFF = 0.5


class VideoReader:
    """Iterates over the DecodedFrames of what FFmpeg opens by an address.

    Each has its place among all frames as its index, and the time that the file gives it, from
    the file's start. live: it has no end that is known. rate: frames a second, of which the steps
    between them are multiples; steady: they are all of one. count: frames that the header
    promises, or None. sound: the stream of the sound, or None; rest: its SoundPackets after the
    last frame. undecodable: frames so far that could not be decoded. broken: why reading ended
    before the video did, or None. Raises UserError if it cannot be opened.
    """

    def __init__(self, address, name, *, network, timeout=TIMEOUT):
        self.name = name
        self.rest = []
        self.undecodable = 0
        self.broken = None
        self._container = open_container(address, name, network=network, timeout=timeout)
        self._video = video_stream(self._container, name)
        self.sound = self._container.streams.best("audio")
        self.rate, self.steady = self._nominal_rate()
        self.count = self._video.frames or None
        self._duration = self._promised_seconds()
        self.live = network and not self._container.duration and not self._has_size()
        self._clock = self._new_clock()
        self._presentation = Presentation(self._video, name)
        self._times = deque()  # of the packets of an .avi whose frames are to come
        self._end = 0.0
        self._newest = None  # of the picture's packets, by the file's clock

    def close(self):
        """Close it, from the thread that reads."""
        self._container.close()

    def __iter__(self):
        index = 0
        sound = []
        for packet in self._packets():
            if packet is not None and packet.stream is self.sound:
                sound.append(self._heard(packet))
                continue
            frames = self._decode(packet)
            for frame in frames or ():
                yield self._frame(frame, index, sound)
                index, sound = index + 1, []
            index += frames is None
        self.rest = sound
        self._note_undecoded_end()

    def _nominal_rate(self):
        rate, average = self._video.base_rate, self._video.average_rate
        if not rate or not average or not 1 / LARGEST_RATE <= rate <= LARGEST_RATE:
            return DEFAULT_RATE, False
        return rate, abs(average / rate - 1) < STEADY

    def _promised_seconds(self):
        """Return how long the header says that what is read is, 0 where it does not."""
        seconds = (self._container.duration or 0) / av.time_base
        streams = self._streams()
        if len(streams) < len(self._container.streams):  # the longest of all may be another
            seconds = max(float((stream.duration or 0) * stream.time_base) for stream in streams)
        if self._container.format.name == "avi":  # FFmpeg counts what is there of it
            seconds = max(seconds, float(self._video.frames * self._video.time_base))
        return seconds

    def _has_size(self):
        """Return whether the address gives so many bytes and no more, as a file does."""
        return self._container.format.name not in PLAYLISTS and self._container.size > 0

    def _new_clock(self):
        first, picture = self._container.start_time, self._video.start_time
        return Clock(first and first / av.time_base,
                     picture and float(picture * self._video.time_base),
                     step=float(1 / self.rate))

    def _streams(self):
        """Return the streams that are read: of several pictures or sounds the best."""
        return [stream for stream in (self._video, self.sound) if stream is not None]

    def _packets(self):
        """Yield the packets of picture and sound, and None for the end."""
        try:
            for packet in self._demuxed():
                self._note_end(packet)
                if packet.size:  # an empty one would tell the decoder that the end has come
                    yield packet
        except av.FFmpegError as error:
            self.broken = reason(error)
        else:
            if self.live:
                self.broken = "it ended"
            elif self._end < self._duration - BREAKS_OFF:
                self.broken = f"breaks off after {self._end:.1f} of {self._duration:.1f} s"
        yield None

    def _demuxed(self):
        with suppress(IndexError):  # PyAV's, at the end, if a stream has come up in the middle
            yield from self._container.demux(*self._streams())

    def _note_end(self, packet):
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None:
            end = float((time + (packet.duration or 0)) * packet.time_base)
            self._end = max(self._end, self._clock.since_start(end))
        if packet.stream is self._video and packet.pts is not None and not packet.is_discard:
            self._newest = float(packet.pts * packet.time_base)

    def _note_undecoded_end(self):
        """Say so where the decoder has left out the end without an error, as HEVC's does."""
        last = self._clock.seconds
        if self.broken or last is None or self._newest is None:
            return
        end = self._clock.since_start(self._newest)
        if last < end - BREAKS_OFF:
            self.broken = f"cannot be decoded after {last:.1f} of {end:.1f} s"

    def _decode(self, packet):
        """Return the frames that a packet completes, or None if it cannot be decoded."""
        try:
            frames = self._video.codec_context.decode(packet)
        except av.FFmpegError:
            self.undecodable += packet is not None
            return None
        if self._container.format.name == "avi":
            self._put_times(packet, frames)
        return frames

    def _put_times(self, packet, frames):
        """Give an .avi's frames their times: it tells when packets are decoded, and no more.

        Packets may come in another order than their frames, but frames are shown at their times.
        """
        codec = self._video.codec_context
        waiting = 0
        if packet is not None:
            self._times.append(packet.dts)
            waiting = max(codec.reorder_depth, codec.delay)
        while len(self._times) > len(frames) + waiting:  # the decoder has left one out
            self._times.popleft()
        for frame in frames:
            frame.pts = self._times.popleft() if self._times else None

    def _heard(self, packet):
        time = packet.pts if packet.pts is not None else packet.dts or 0
        return SoundPacket(packet, self._clock.since_start(float(time * packet.time_base)))

    def _frame(self, decoded, index, sound):
        time = decoded.pts and float(decoded.pts * self._video.time_base)
        aspect, matrix = self._presentation.of(decoded)
        return DecodedFrame(decoded, aspect=aspect, matrix=matrix, index=index,
                            seconds=self._clock.show(time), name=self.name, sound=sound)
