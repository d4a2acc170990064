"""Reads a webcam."""

import time

import cv2

from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError

# For a camera that does not tell its rate, frames a second.
DEFAULT_RATE = 30


class CameraReader:
    """Iterates over the Frames of a webcam, by its number or the path of its device.

    Each comes with the time at which it arrived, seconds. The attributes are VideoReader's.
    Raises UserError if it cannot be opened.
    """

    live = steady = True
    count = None
    sound = None
    rest = ()
    undecodable = 0
    broken = "no more frames"

    def __init__(self, camera, name):
        self.name = name
        self._capture = cv2.VideoCapture(camera)
        if not self._capture.isOpened():
            raise UserError(f"{name} cannot be opened: none is there, or another program uses it; "
                            "try another --camera number, or --video FILE")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 1 <= rate <= 1000 else DEFAULT_RATE

    def close(self):
        self._capture.release()

    def __iter__(self):
        index = 0
        while True:
            read, image = self._capture.read()
            if not read:
                return
            yield Frame(image, index, time.monotonic(), self.name)
            index += 1
