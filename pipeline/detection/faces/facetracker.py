"""Follows faces from frame to frame and steadies their emotions."""

from dataclasses import dataclass

import numpy as np

from pipeline.detection.faces.boxes import center, grown, overlap

# A face is looked for where it would be if it went on as it did. Boxes of one face, made larger
# by this factor, overlap by at least this much: small faces go further than their own width.
REACH = 2
LEAST_OVERLAP = 0.3

# The newest step's weight in a face's velocity: boxes jitter by a twentieth of their width.
NEWEST_STEP = 0.5

# Frames that a face may be out of sight and still be the same: a blink of the detector, or
# someone who goes by in front of it.
LONGEST_GAP = 6

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


@dataclass
class Followed:
    """A face that is followed: as it was seen last, in which frame, and its pixels a frame."""

    face: Face
    frame: int
    velocity: np.ndarray

    def expected(self, frame):
        """Return the box where the face is in a frame if it goes on as it did."""
        x, y, width, height = self.face.box
        step_x, step_y = self.velocity * (frame - self.frame)
        return x + step_x, y + step_y, width, height


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
        self._followed = {}  # by number

    def update(self, boxes, probabilities):
        """Return the Faces of the next frame, in the order of its boxes (N, 4)."""
        self._frame += 1
        faces = []
        for box, new, number in zip(boxes, probabilities, self._numbers(boxes)):
            if number in self._followed:
                past = self._followed[number].face.probabilities
                new = self.smoothing * past + (1 - self.smoothing) * new
            faces.append(Face(number, tuple(int(value) for value in box), new))
        self._followed = {
            number: followed for number, followed in self._followed.items()
            if self._frame - followed.frame <= LONGEST_GAP
        } | {face.number: Followed(face, self._frame, self._velocity(face)) for face in faces}
        return faces

    def _velocity(self, face):
        """Return the velocity of a face of this frame, (x, y) in pixels a frame."""
        if face.number not in self._followed:
            return np.zeros(2)
        last = self._followed[face.number]
        step = (center(face.box) - center(last.face.box)) / (self._frame - last.frame)
        return last.velocity + NEWEST_STEP * (step - last.velocity)

    def _numbers(self, boxes):
        """Return each box's number: of the followed face that it fits best, or a new one."""
        boxes = [grown(box, REACH) for box in boxes]
        pairs = sorted(
            ((overlap(grown(followed.expected(self._frame), REACH), box), number, position)
             for number, followed in self._followed.items()
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
