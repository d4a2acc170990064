"""Reads a webcam."""

import time
from itertools import count

import cv2

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError

DEFAULT_RATE = 30  # frames a second, for a camera that does not say its rate


class CameraReader:
    """Iterates over the Frames of a webcam, by its number or the path of its device.

    seconds of a frame is when it arrived, from the first one. The attributes are VideoReader's.
    Raises UserError if the camera cannot be opened.
    """

    live = steady = True
    count = sound = None
    rest = ()
    undecodable = 0
    broken = "no more frames"

    def __init__(self, camera):
        self.name = name = f"camera {camera}" if isinstance(camera, int) else camera
        self._capture = cv2.VideoCapture(camera)
        if not self._capture.isOpened():
            raise UserError(f"{name} cannot be opened: none is there, or another program uses it; "
                            "try another --camera number, or --video FILE")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 1000 else DEFAULT_RATE

    def close(self):
        self._capture.release()

    def __iter__(self):
        began = None
        for index in count():
            read, image = self._capture.read()
            if not read:
                return
            now = time.monotonic()
            began = began or now
            yield Frame(image, index, now - began, self.name)
