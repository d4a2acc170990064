"""Decodes the packets of a video into frames."""

import time
from collections import deque

import av
import numpy as np
from av.format import Flags
from av.sidedata.sidedata import Type

from pipeline.detection.sources.clock import Clock
from pipeline.detection.sources.decodedframe import DecodedFrame
from pipeline.detection.sources.opening import aspect, nominal_rate, require_size


class VideoDecoder:
    """Makes DecodedFrames, with their times, of the packets of an av container.

    video: its stream. name: of the video. live: frames of a format without times have those of
    arrival. clock: the Clock of the frames. undecodable: packets that could not be decoded.
    """

    def __init__(self, container, video, name, *, live):
        self.undecodable = 0
        self._video = video
        self._name = name
        self._by_arrival = live and bool(container.format.flags & Flags.no_timestamps.value)
        self._is_avi = container.format.name == "avi"
        self._avi_times = deque()  # of the packets whose frames are to come
        self._first_aspect = None  # of the codec
        self._matrix = None
        self._shape = None  # of the frame before
        self.clock = Clock(container.start_time and container.start_time / av.time_base,
                           video.start_time and float(video.start_time * video.time_base),
                           step=float(1 / nominal_rate(video)[0]))

    def decode(self, packet):
        """Return the frames that a packet, or None for the end, completes.

        Returns None if it cannot be decoded. Raises UserError if a frame is too large.
        """
        try:
            frames = self._video.codec_context.decode(packet)
        except av.FFmpegError:
            self.undecodable += packet is not None
            return None
        if self._is_avi:
            self._set_avi_times(packet, frames)
        return [self._frame(frame) for frame in frames]

    def _set_avi_times(self, packet, frames):
        """Give an .avi's frames their times: the file says only when packets are decoded.

        Packets may come in another order than their frames, but the times keep their order.
        """
        codec = self._video.codec_context
        waiting = 0
        if packet is not None:
            self._avi_times.append(packet.dts)
            waiting = max(codec.reorder_depth, codec.delay)
        while len(self._avi_times) > len(frames) + waiting:  # the decoder has left one out
            self._avi_times.popleft()
        for frame in frames:
            frame.pts = self._avi_times.popleft() if self._avi_times else None

    def _frame(self, decoded):
        if self._shape is None:  # a frame whose side data is read stays in memory for long
            matrix = decoded.side_data.get(Type.DISPLAYMATRIX)
            self._matrix = matrix and np.frombuffer(bytes(matrix), dtype=np.int32)
        shape = decoded.width, decoded.height, self._aspect()
        if shape != self._shape:
            require_size(self._name, *shape)
            self._shape = shape
        shown = decoded.pts and float(decoded.pts * self._video.time_base)
        seconds = self.clock.show(time.monotonic() if self._by_arrival else shown)
        return DecodedFrame(decoded, shape[-1], self._matrix, seconds, self._name)

    def _aspect(self):
        """Return a pixel's width over its height: the container's, until the codec's changes."""
        coded = self._video.codec_context.sample_aspect_ratio
        if self._shape is None:
            self._first_aspect = coded
        return aspect(self._video.sample_aspect_ratio if coded == self._first_aspect else coded)
