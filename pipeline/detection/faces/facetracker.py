"""Follows faces from frame to frame and steadies their emotions."""

from dataclasses import dataclass

import numpy as np

from pipeline.detection.faces.boxes import overlap

# Boxes of one face in two frames overlap by at least this much.
LEAST_OVERLAP = 0.3

# Frames that a face may be out of sight and still be the same: a blink of the detector.
LONGEST_GAP = 3

# The emotion of a face whose likeliest class is not likely enough.
UNSURE = "unsure"


@dataclass
class Face:
    """A face in a frame: its number, box (x, y, width, height) and probabilities (classes,).

    emotion: the name of its likeliest class, or UNSURE.
    """

    number: int
    box: tuple
    probabilities: np.ndarray
    emotion: str = UNSURE


class FaceTracker:
    """Numbers faces from 1 and smooths each one's probabilities over time.

    smoothing: weight of the past, 0 (none) to below 1, in an exponential average. A face that
    is gone for longer than a blink and comes back starts afresh, with a new number.
    """

    def __init__(self, smoothing):
        self.smoothing = smoothing
        self.restart()

    def restart(self):
        """Number from 1 again: what comes has nothing to do with what was."""
        self._frame = 0
        self._count = 0
        self.forget()

    def forget(self):
        """Start afresh: the next frame has nothing to do with the last one."""
        self._followed = {}  # number: (Face, frame in which it was seen last)

    def update(self, boxes, probabilities):
        """Return the Faces of the next frame, in the order of its boxes (N, 4)."""
        self._frame += 1
        faces = []
        for box, new, number in zip(boxes, probabilities, self._numbers(boxes)):
            if number in self._followed:
                past = self._followed[number][0].probabilities
                new = self.smoothing * past + (1 - self.smoothing) * new
            faces.append(Face(number, tuple(int(value) for value in box), new))
        self._followed = {
            number: (face, seen) for number, (face, seen) in self._followed.items()
            if self._frame - seen <= LONGEST_GAP
        } | {face.number: (face, self._frame) for face in faces}
        return faces

    def _numbers(self, boxes):
        """Return each box's number: of the followed face that it overlaps most, or a new one."""
        pairs = sorted(
            ((overlap(face.box, box), number, position)
             for number, (face, _) in self._followed.items()
             for position, box in enumerate(boxes)),
            reverse=True,
        )
        numbers = {}
        for share, number, position in pairs:
            taken = position in numbers or number in numbers.values()
            if share >= LEAST_OVERLAP and not taken:
                numbers[position] = number
        for position in range(len(boxes)):
            if position not in numbers:
                self._count += 1
                numbers[position] = self._count
        return [numbers[position] for position in range(len(boxes))]
