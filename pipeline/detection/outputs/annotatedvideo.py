"""Writes annotated frames to a video file."""

import os
import queue
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace

import av
import cv2

from pipeline.detection.outputs.formats import MATROSKA, VIDEO_FORMATS
from pipeline.detection.outputs.videowriter import VideoWriter, nominal
from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file

FRAMES_WAITING = 8

ENCODING_ERRORS = (av.FFmpegError, OSError, ValueError, cv2.error)


class AnnotatedVideo:
    """Encodes the frames of a source, with its sound, in a thread.

    path: the growing file. name: its final path.
    """

    def __init__(self, path, name, video_format, source):
        self._path = path
        self._name = name
        self._format = video_format
        self._source = source
        self._writer = VideoWriter(path, video_format, rate=source.rate, sound=source.sound)
        self._failure = None
        self._queue = queue.Queue(maxsize=FRAMES_WAITING)
        self._thread = threading.Thread(target=self._encode, daemon=True)
        self._thread.start()

    @classmethod
    @contextmanager
    def create(cls, path, source):
        """Yield a writer for `path`, which keeps every finished frame however the block ends."""
        video_format = format_of(path)
        with growing_file(path) as partial:
            video = cls(partial, path, video_format, source)
            try:
                yield video
            finally:
                video.close()
            video.verify()

    def write(self, frame, faces):
        """Append the frame's image, which must not change afterwards."""
        self.verify()
        self._queue.put(frame)

    def close(self):
        """Encode the waiting frames and complete the file."""
        self._queue.put(None)
        self._thread.join()
        try:
            self._writer.close(end=self._source.end, rest=self._from_start(self._source.rest))
        except Exception as error:
            self._failure = self._failure or error
        if self._format.indexed and self._path.is_file():
            # Without room for a copy the file is good too, but players start it later.
            with suppress(OSError, av.FFmpegError):
                self._put_index_in_front()

    def verify(self):
        """Raise UserError if something could not be written."""
        if isinstance(self._failure, ENCODING_ERRORS):
            reason = getattr(self._failure, "strerror", None) or self._failure
            raise UserError(f"{self._name}: cannot be written: {reason}") from self._failure
        if self._failure:
            raise self._failure

    def _from_start(self, sound):
        """Return SoundPackets with the times of a video that begins where the source does."""
        return [replace(piece, seconds=piece.seconds - self._source.start) for piece in sound]

    def _encode(self):
        while (frame := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._writer.write(frame.image, frame.seconds - self._source.start,
                                       self._from_start(frame.sound))
            except Exception as error:  # verify raises it where frames are written
                self._failure = error

    def _put_index_in_front(self):
        """Copy the file with its index where players look first, in place of itself."""
        indexed = self._path.with_stem(f"{self._path.stem}.indexed")
        try:
            with (av.open(str(self._path)) as source,
                  av.open(str(indexed), "w", format=self._format.container,
                          options=self._format.indexed) as target):
                streams = {stream.index: target.add_stream_from_template(stream, opaque=True)
                           for stream in source.streams}
                for stream in source.streams.video:
                    streams[stream.index].codec_context.framerate = nominal(self._source.rate)
                for packet in source.demux():
                    if packet.size and not packet.is_corrupt:  # as the last one on a full disk
                        packet.stream = streams[packet.stream_index]
                        target.mux(packet)
            os.replace(indexed, self._path)
        finally:
            indexed.unlink(missing_ok=True)


def format_of(path):
    """Return the VideoFormat of a path's suffix, or one that needs no file, as for a pipe."""
    if path.exists() and not path.is_file():
        return replace(MATROSKA, indexed=None)
    if path.suffix.lower() not in VIDEO_FORMATS:
        raise UserError(f"{path}: no codec for this suffix; expected " + ", ".join(VIDEO_FORMATS))
    return VIDEO_FORMATS[path.suffix.lower()]
