"""Writes annotated frames to a video file."""

import os
import queue
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace

import av
import cv2

from pipeline.detection.outputs.videoformats import FORMATS, MATROSKA
from pipeline.detection.outputs.videowriter import VideoWriter, put_index_in_front
from pipeline.errors import UserError
from pipeline.files.wholefile import growing_file

FRAMES_WAITING = 8

ENCODING_ERRORS = (av.FFmpegError, OSError, ValueError, cv2.error)


class AnnotatedVideo:
    """Encodes the frames of a source, with its sound, in a thread of its own.

    path: of the file that grows. name: the path that it gets in the end.
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
        """Yield a writer for `path`, which has every finished frame however the block ends."""
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
        """Encode what waits and complete the file."""
        self._queue.put(None)
        self._thread.join()
        try:
            self._writer.close(end=self._source.end, rest=self._source.rest)
        except Exception as error:
            self._failure = self._failure or error
        if self._format.indexed and self._path.is_file():
            # Where there is no room for a copy the file is as good, but begins later.
            with suppress(OSError, av.FFmpegError):
                self._put_index_in_front()

    def verify(self):
        """Raise UserError if something could not be written."""
        if isinstance(self._failure, ENCODING_ERRORS):
            reason = getattr(self._failure, "strerror", None) or self._failure
            raise UserError(f"{self._name}: cannot be written: {reason}") from self._failure
        if self._failure:
            raise self._failure

    def _encode(self):
        while (frame := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._writer.write(frame.image, frame.seconds, frame.sound)
            except Exception as error:  # it is for who writes to handle
                self._failure = error

    def _put_index_in_front(self):
        indexed = self._path.with_stem(f"{self._path.stem}.indexed")
        try:
            put_index_in_front(self._path, self._format, indexed, rate=self._source.rate)
            os.replace(indexed, self._path)
        finally:
            indexed.unlink(missing_ok=True)


def format_of(path):
    """Return the VideoFormat of a path's suffix, or one for what is no file, such as a pipe."""
    if path.exists() and not path.is_file():
        return replace(MATROSKA, indexed=None)
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path}: no codec for this suffix; expected " + ", ".join(FORMATS))
    return FORMATS[path.suffix.lower()]
