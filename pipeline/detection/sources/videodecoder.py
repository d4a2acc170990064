"""Decodes the packets of a video into frames."""

import time

import av
import numpy as np
from av.format import Flags
from av.sidedata.sidedata import Type

from pipeline.detection.sources.decodedframe import DecodedFrame

LARGEST_ASPECT = 4  # of a pixel: beyond this it is a mistake in the header
LONGEST_LEAD = 0.15  # seconds by which sound may begin before the picture, for its decoder's sake

# A time that goes back further than this, seconds, begins a new clock, and one that leaps further
# ahead is a mistake.
LARGEST_SLIP, LARGEST_GAP = 1, 86_400


class VideoDecoder:
    """Makes DecodedFrames, with their times, of the packets of an av container.

    video: its stream. rate: nominal, frames a second. live: frames of a format without times have
    those of arrival.
    """

    def __init__(self, container, video, name, rate, *, live):
        self._video, self._name = video, name
        self._by_arrival = live and bool(container.format.flags & Flags.no_timestamps.value)
        self.is_avi = container.format.name == "avi"
        self._aspect = float(video.sample_aspect_ratio or 1)
        if not 1 / LARGEST_ASPECT <= self._aspect <= LARGEST_ASPECT:
            self._aspect = 1.0
        self._matrix = None  # that of the first frame
        self._step = float(1 / rate)
        self._zero = start_of(container, video)
        self.seconds = -self._step  # from the start to the newest frame

    def decode(self, packet):
        """Return the frames that a packet, or None for the end, completes; None for damage."""
        try:
            frames = self._video.codec_context.decode(packet)
        except av.FFmpegError:
            return None if packet else []
        return [self._frame(frame) for frame in frames]

    def seconds_of(self, packet):
        """Return the seconds from the start to a packet's time, or None."""
        time = packet.pts if packet.pts is not None else packet.dts
        return None if time is None else float(time * packet.time_base) - self._zero

    def _frame(self, decoded):
        if self.seconds < 0:  # a frame whose side data is read stays in memory for long
            matrix = decoded.side_data.get(Type.DISPLAYMATRIX)
            self._matrix = matrix and np.frombuffer(bytes(matrix), dtype=np.int32)
        self._show(time.monotonic() if self._by_arrival else self._time_of(decoded))
        return DecodedFrame(decoded, self._aspect, self._matrix, self.seconds, self._name)

    def _time_of(self, decoded):
        """Return the file's time of a frame, or None."""
        stamp, late = decoded.pts, 0
        if self.is_avi:  # which has only times of decoding, late by as many frames as are reordered
            stamp, late = decoded.dts, self._video.codec_context.reorder_depth * self._step
        return None if stamp is None else float(stamp * self._video.time_base) - late

    def _show(self, time):
        """Set the seconds at which the next frame is shown, by the file's time.

        One without a time, or whose time goes back or leaps, comes a step after the one before.
        """
        following = self.seconds + self._step
        if time is None:
            time = self._zero + following
        elif not -LARGEST_SLIP <= time - self._zero - self.seconds <= LARGEST_GAP:
            self._zero = time - following
        self.seconds = max(time - self._zero, self.seconds, 0.0)


def start_of(container, video):
    """Return the file's time, in seconds, from which its frames count."""
    first = (container.start_time or 0) / av.time_base
    if video.start_time is None:
        return first
    picture = float(video.start_time * video.time_base)
    return max(first, 0.0) if LONGEST_LEAD <= picture - first <= LARGEST_GAP else picture
