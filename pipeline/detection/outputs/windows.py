"""The two windows of a run with a display."""

import os
import sys
import time

import cv2

from pipeline.detection.outputs.drawing import panel_of
from pipeline.errors import UserError

FACE, PROBABILITIES = "Face", "Probabilities"
ROOM, GAP = (1000, 640), 16  # pixels for both windows together, which fit on every screen
LARGEST_SCALE = 2.0  # of a small frame
ROW = 40  # pixels of a row of the probabilities
END_KEYS, PAUSE_KEY = (ord("q"), 27), ord(" ")  # 27: Esc
STEP = 0.05  # seconds between two checks of keys and close buttons
LONGEST_LAG = 0.5  # seconds that a file may lag behind its own pace


class Windows:
    """Shows the frame, and beside it the probabilities of its largest face.

    A picture stays until a key is pressed. Space pauses; q, Esc and the close buttons request a
    stop. stop: a StopRequest, which ends every wait. Raises UserError if no window can be opened.
    """

    def __init__(self, class_names, *, live, pictures, stop):
        self._class_names = class_names
        self._pictures = pictures
        self._pace = None if live or pictures else Pace()
        self._stop = stop
        self._placed = False

    def __enter__(self):
        kind = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        try:
            for name in (FACE, PROBABILITIES):
                cv2.namedWindow(name, kind)
        except cv2.error as error:
            raise UserError("this OpenCV has no windows (opencv-python-headless?); give "
                            "--no-display") from error
        return self

    def __exit__(self, *exception):
        cv2.destroyAllWindows()

    def write(self, frame, faces):
        """Wait until a frame is due, show it, and handle keys."""
        stop, pace = self._stop, self._pace
        panel = panel_of(faces[0] if faces else None, self._class_names, ROW)
        if not self._placed:
            self._place(frame.image, panel)
        while pace and not stop.requested and (left := pace.left(frame.seconds)) > 0:
            self._look(min(left, STEP))
        cv2.imshow(FACE, frame.image)
        cv2.imshow(PROBABILITIES, panel)
        self._look(0.001)
        while self._pictures and not stop.requested and self._look(STEP) < 0:
            pass

    def _place(self, image, panel):
        self._placed = True
        room = ROOM[0] - panel.shape[1] - 3 * GAP
        scale = min(room / image.shape[1], ROOM[1] / image.shape[0], LARGEST_SCALE)
        width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
        for name, picture, left, size in (
                (FACE, image, GAP, (width, height)),
                (PROBABILITIES, panel, width + 2 * GAP, panel.shape[1::-1])):
            cv2.imshow(name, picture)
            cv2.resizeWindow(name, *size)
            cv2.moveWindow(name, left, GAP)

    def _look(self, wait):
        """Handle the key that is pressed within `wait` seconds, and return it, or -1."""
        key = self._key(wait)
        if key == PAUSE_KEY and not self._pictures:
            while not self._stop.requested and self._key(STEP) != PAUSE_KEY:
                pass
            if self._pace:
                self._pace.restart()
        return key

    def _key(self, wait):
        key = cv2.waitKey(max(1, round(1000 * wait)))
        gone = any(cv2.getWindowProperty(name, cv2.WND_PROP_VISIBLE) < 1
                   for name in (FACE, PROBABILITIES))
        if gone or key in END_KEYS:
            self._stop.requested = True
        return key


class Pace:
    """The clock of a file that is shown at its own pace."""

    def __init__(self):
        self.restart()

    def restart(self):
        """Let the next frame set the clock."""
        self._start = None  # monotonic time of the file's second 0

    def left(self, seconds):
        """Return the seconds until the frame at `seconds` is due; one that lags sets the clock."""
        now = time.monotonic()
        if self._start is None or now - self._start - seconds > LONGEST_LAG:
            self._start = now - seconds
        return self._start + seconds - now


def require_display():
    """Raise UserError without a display, where OpenCV would abort the process without a message."""
    if sys.platform == "linux" and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UserError("no display for the windows; give --no-display, with --output or --csv "
                        "for what is found, or --serve 8000 to see it in a browser")
