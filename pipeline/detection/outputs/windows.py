"""The two windows of a live run."""

import os
import sys

import cv2

from pipeline.detection.outputs.drawing import bars
from pipeline.errors import UserError


class Windows:
    """Shows the frame, and the probabilities of its largest face; `closed` after the key q.

    wait: stay at each frame until a key is pressed, for pictures. Raises UserError where no
    window can be had.
    """

    def __init__(self, class_names, *, wait=False):
        self.closed = False
        self._class_names = class_names
        self._wait = wait

    def __enter__(self):
        try:
            for name in ("Face", "Probabilities"):
                cv2.namedWindow(name, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise UserError("this OpenCV has no windows (opencv-python-headless?); give "
                            "--no-display") from error
        return self

    def __exit__(self, *exception):
        cv2.destroyAllWindows()

    def write(self, frame, faces):
        """Show a frame; look for the key q."""
        cv2.imshow("Face", frame.image)
        cv2.imshow("Probabilities", bars(faces[0] if faces else None, self._class_names))
        key = cv2.waitKey(0 if self._wait else 1) & 0xFF
        self.closed = self.closed or key == ord("q")


def require_display():
    """Raise UserError if there is none: OpenCV would abort the process without a word."""
    if sys.platform == "linux" and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UserError("no display for the windows; give --no-display, with --output or --csv "
                        "for what is found")
