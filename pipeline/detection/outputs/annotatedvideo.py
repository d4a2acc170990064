"""Writes annotated frames to a video file."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import av
import cv2

from pipeline.detection.outputs.formats import MATROSKA, VIDEO_FORMATS
from pipeline.detection.outputs.videowriter import VideoWriter, nominal
from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file

FRAMES_WAITING = 8


class AnnotatedVideo:
    """Encodes frames with a VideoWriter in a thread; path: the file, for errors."""

    def __init__(self, writer, path):
        self._writer, self._path = writer, path
        self._encoder = ThreadPoolExecutor(max_workers=1)
        self._waiting = deque()

    @classmethod
    @contextmanager
    def create(cls, path, source):
        """Yield a writer for `path`, which keeps every finished frame however the block ends."""
        video_format = format_of(path)
        with growing_file(path) as growing:
            video = cls(VideoWriter(growing, video_format, source), path)
            try:
                yield video
            finally:
                video.close()
                if video_format.indexed and growing.is_file():
                    # Without room for a copy the file is good too, but players start it later.
                    with suppress(OSError, av.FFmpegError):
                        put_index_in_front(growing, video_format, source.rate)

    def write(self, frame, faces):
        """Append the frame's image, which must not change; raise UserError if that fails."""
        self._waiting.append(self._encoder.submit(self._writer.write, frame))
        if len(self._waiting) > FRAMES_WAITING:
            with self._one_line():
                self._waiting.popleft().result()

    def close(self):
        """Encode the waiting frames and complete the file."""
        self._encoder.shutdown()
        with self._one_line():
            try:
                for frame in self._waiting:
                    frame.result()
            finally:
                self._writer.close()

    @contextmanager
    def _one_line(self):
        try:
            yield
        except (av.FFmpegError, OSError, ValueError, cv2.error) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"{self._path}: cannot be written: {reason}") from error


def put_index_in_front(path, video_format, rate):
    """Replace a video by a copy with its index where players look first."""
    indexed = path.with_stem(f"{path.stem}.indexed")
    try:
        with (av.open(str(path)) as source,
              av.open(str(indexed), "w", format=video_format.container,
                      options=video_format.indexed) as target):
            streams = {stream.index: target.add_stream_from_template(stream, opaque=True)
                       for stream in source.streams}
            streams[0].codec_context.framerate = nominal(rate)
            for packet in source.demux():
                if packet.size and not packet.is_corrupt:  # as the last one on a full disk
                    packet.stream = streams[packet.stream_index]
                    target.mux(packet)
        os.replace(indexed, path)
    finally:
        indexed.unlink(missing_ok=True)


def format_of(path):
    """Return the VideoFormat of a path's suffix, or one that needs no file, as for a pipe."""
    if path.exists() and not path.is_file():
        return replace(MATROSKA, indexed=None)
    if path.suffix.lower() not in VIDEO_FORMATS:
        raise UserError(f"{path}: no codec for this suffix; expected " + ", ".join(VIDEO_FORMATS))
    return VIDEO_FORMATS[path.suffix.lower()]
