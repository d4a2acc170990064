"""Writes annotated frames to a video file."""

import queue
import threading
from contextlib import contextmanager

import cv2

from pipeline.errors import UserError
from pipeline.io.wholefile import whole_file

# Codecs that every build of opencv-python has, by the file's suffix.
CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80"}

FRAMES_WAITING = 8


class AnnotatedVideo:
    """Encodes frames in a thread of its own.

    rate: frames a second. The first frame fixes the size; MPEG-4 cuts an odd one to even.
    """

    def __init__(self, path, rate):
        self.path = path
        self.rate = rate
        self.count = 0
        self._writer = None
        self._failure = None
        self._queue = queue.Queue(maxsize=FRAMES_WAITING)
        self._thread = threading.Thread(target=self._encode, daemon=True)
        self._thread.start()

    @classmethod
    @contextmanager
    def create(cls, path, rate):
        """Yield a writer for `path`; the file appears, whole, when the block ends well."""
        if path.suffix.lower() not in CODECS:
            raise UserError(f"{path}: no codec for this suffix; expected " + ", ".join(CODECS))
        with whole_file(path) as partial:
            video = cls(partial, rate)
            try:
                yield video
            finally:
                video.close()
            video.verify(path)

    def write(self, frame, faces):
        """Append the frame's image, which must not change afterwards."""
        if self._failure:
            raise self._failure
        self._queue.put(frame.image)

    def close(self):
        """Encode what waits and complete the file."""
        self._queue.put(None)
        self._thread.join()
        if self._writer is not None:
            self._writer.release()

    def verify(self, path):
        """Raise UserError if the file does not hold every frame; OpenCV is silent about it."""
        if self._failure:
            raise self._failure
        if self.count == 0:
            return
        capture = cv2.VideoCapture(str(self.path))
        frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()
        # Some containers only estimate their number of frames.
        if frames < self.count - 2:
            raise UserError(f"{path}: cannot be written: {max(frames, 0)} of {self.count} frames "
                            "arrived; is the disk full?")

    def _encode(self):
        while (image := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._append(image)
            except (cv2.error, UserError) as error:
                self._failure = error

    def _append(self, image):
        if self._writer is None:
            codec = CODECS[self.path.suffix.lower()]
            size = (image.shape[1], image.shape[0])
            fourcc = cv2.VideoWriter_fourcc(*codec)
            self._writer = cv2.VideoWriter(str(self.path), fourcc, self.rate, size)
            if not self._writer.isOpened():
                raise UserError(f"{self.path.name}: this OpenCV cannot write {codec} video of "
                                f"{size[0]} x {size[1]} pixels; try .avi")
        self._writer.write(image)
        self.count += 1
