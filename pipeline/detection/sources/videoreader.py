"""Reads a video file or a stream with FFmpeg."""

import time
from collections import deque
from contextlib import suppress

import av
import numpy as np
from av.format import Flags
from av.sidedata.sidedata import Type

from pipeline.detection.sources.clock import Clock
from pipeline.detection.sources.decodedframe import DecodedFrame
from pipeline.detection.sources.frame import SoundPacket
from pipeline.detection.sources.opening import (
    PLAYLISTS,
    TIMEOUT,
    aspect,
    nominal_rate,
    open_container,
    promised_seconds,
    reason,
    require_size,
    video_stream,
)

# A file that ends this much before the end that its header promises breaks off, seconds.
BREAKS_OFF = 0.5


class VideoReader:
    """Iterates over the DecodedFrames of what FFmpeg opens by an address.

    A frame that cannot be decoded leaves its index free. seconds is the time that the file gives
    to a frame, from the file's start; a live stream without times has those of arrival.

    live: it has no known end. rate: nominal, frames a second; steady: all frames have this rate.
    count: frames that the header promises, or None. sound: the stream of the sound, or None;
    rest: its SoundPackets after the last frame. undecodable: frames so far that could not be
    decoded. broken: why reading ended before the video did, or None. Raises UserError if it
    cannot be opened.
    """

    def __init__(self, address, name, *, network, timeout=TIMEOUT):
        self.name = name
        self.rest = []
        self.undecodable = 0
        self.broken = None
        self._container = container = open_container(address, name, network=network,
                                                     timeout=timeout)
        self._video = video = video_stream(container, name)
        self.sound = container.streams.best("audio")
        self.rate, self.steady = nominal_rate(video)
        self.count = video.frames or None
        has_size = container.format.name not in PLAYLISTS and container.size > 0
        self.live = network and not container.duration and not has_size
        self._has_times = not container.format.flags & Flags.no_timestamps.value
        self._streams = [stream for stream in (video, self.sound) if stream is not None]
        self._duration = promised_seconds(container, self._streams)
        self._clock = Clock(container.start_time and container.start_time / av.time_base,
                            video.start_time and float(video.start_time * video.time_base),
                            step=float(1 / self.rate))
        self._times = deque()  # of the packets of an .avi whose frames are to come
        self._end = 0.0  # of the packets so far, seconds
        self._newest = None  # time of the newest picture's packet, by the file's clock
        self._first_aspect = None  # of the codec
        self._matrix = None
        self._shape = None  # of the frame before

    def close(self):
        """Close it, from the thread that reads or once that has ended."""
        self._container.close()

    def __iter__(self):
        index = 0
        sound = []
        for packet in self._packets():
            if packet is not None and packet.stream is self.sound:
                sound.append(self._sound_packet(packet))
                continue
            frames = self._decode(packet)
            for frame in frames or ():
                yield self._frame(frame, index, sound)
                index, sound = index + 1, []
            index += frames is None
        self.rest = sound
        self._note_undecoded_end()

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
            elif self._end < self._duration - BREAKS_OFF:
                self.broken = f"breaks off after {self._end:.1f} of {self._duration:.1f} s"
        yield None

    def _note_end(self, packet):
        begins = packet.pts if packet.pts is not None else packet.dts
        if begins is not None:
            end = float((begins + (packet.duration or 0)) * packet.time_base)
            self._end = max(self._end, self._clock.since_start(end))
        if packet.stream is self._video and packet.pts is not None and not packet.is_discard:
            self._newest = float(packet.pts * packet.time_base)

    def _note_undecoded_end(self):
        """Note that the decoder left out the end without an error, as HEVC's does."""
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
            self._set_avi_times(packet, frames)
        return frames

    def _set_avi_times(self, packet, frames):
        """Give an .avi's frames their times: the file says only when packets are decoded.

        Packets may come in another order than their frames, but the times keep their order.
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

    def _sound_packet(self, packet):
        begins = packet.pts if packet.pts is not None else packet.dts or 0
        return SoundPacket(packet, self._clock.since_start(float(begins * packet.time_base)))

    def _frame(self, decoded, index, sound):
        if self._shape is None:  # a frame whose side data is read stays in memory for long
            matrix = decoded.side_data.get(Type.DISPLAYMATRIX)
            self._matrix = matrix and np.frombuffer(bytes(matrix), dtype=np.int32)
        shape = decoded.width, decoded.height, self._aspect()
        if shape != self._shape:
            require_size(self.name, *shape)
            self._shape = shape
        shown = decoded.pts and float(decoded.pts * self._video.time_base)
        if self.live and not self._has_times:
            shown = time.monotonic()
        return DecodedFrame(decoded, aspect=shape[-1], matrix=self._matrix, index=index,
                            seconds=self._clock.show(shown), name=self.name, sound=sound)

    def _aspect(self):
        """Return a pixel's width over its height: the container's, until the codec's changes."""
        coded = self._video.codec_context.sample_aspect_ratio
        if self._shape is None:
            self._first_aspect = coded
        return aspect(self._video.sample_aspect_ratio if coded == self._first_aspect else coded)
