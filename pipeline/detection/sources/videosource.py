"""Frames from a camera, a video file or a stream."""

import queue
import threading
from contextlib import suppress

import cv2

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError
from pipeline.terminal import notice

# Frames decoded ahead of a file's analysis.
FRAMES_AHEAD = 8

# For a source that does not tell its rate.
DEFAULT_RATE = 25.0


class VideoSource:
    """Iterates over the frames of a camera number, a video file or a stream's address.

    A thread decodes ahead. A file loses no frame; of a live source old frames are dropped, so
    the newest is never late. every: take each N-th frame only. Phone videos come upright.
    rate: frames a second of what is taken. count: frames to come, or None. Raises UserError
    if it cannot be opened or has no frame.
    """

    pictures = False

    def __init__(self, source, skips, *, every=1):
        self.name = f"camera {source}" if isinstance(source, int) else str(source)
        self.live = isinstance(source, int) or "://" in str(source)
        self._capture = cv2.VideoCapture(source if isinstance(source, int) else str(source))
        if not self._capture.isOpened():
            raise UserError(self._cannot_open(source))
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._rate = rate if 1 <= rate <= 1000 else DEFAULT_RATE
        self._every = every
        self._skips = skips
        frames = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._promised = frames if frames > 0 and not self.live else None
        self.rate = self._rate / every
        self.count = self._promised and -(-self._promised // every)
        self._queue = queue.Queue(maxsize=1 if self.live else FRAMES_AHEAD)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._decode, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stopping.set()
        self._thread.join()
        self._capture.release()
        while True:  # whoever still waits for a frame learns that none comes
            with suppress(queue.Full):
                return self._queue.put_nowait(None)
            self._drop_oldest()

    def __iter__(self):
        index = -1
        while (item := self._queue.get()) is not None:
            index, image = item
            yield Frame(image, index, index / self._rate, self.name)
        if index < 0:
            raise UserError(f"{self.name}: opened, but gives no frame")
        if self.live:
            notice(f"{self.name}: no more frames")
        elif self._promised and index + self._every < self._promised - 1:
            self._skips.add("videos that break off", f"{self.name}: breaks off after "
                            f"{index + self._every} of {self._promised} frames; what was read "
                            "is kept")

    def _cannot_open(self, source):
        if isinstance(source, int):
            return (f"camera {source} cannot be opened: none is there, or another program uses "
                    "it; try another --camera number, or --video FILE")
        if self.live:
            return f"{source}: the stream cannot be opened"
        return f"{source}: cannot be read as a video; expected a whole file such as an .mp4"

    def _decode(self):
        index = 0
        while not self._stopping.is_set() and self._capture.grab():
            if index % self._every == 0:
                whole, image = self._capture.retrieve()
                if not whole:
                    break
                self._put((index, image))
            index += 1
        self._put(None)

    def _put(self, item):
        while not self._stopping.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return
            except queue.Full:
                if self.live:
                    self._drop_oldest()

    def _drop_oldest(self):
        with suppress(queue.Empty):
            self._queue.get_nowait()
