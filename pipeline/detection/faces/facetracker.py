"""Numbers faces from frame to frame and smooths their emotions."""

from dataclasses import dataclass

import numpy as np

from pipeline.detection.faces.boxes import overlap

# A face is expected where its velocity takes it. Its box and the expected one, each enlarged by
# REACH, overlap by at least LEAST_OVERLAP: a small face moves further than its own width.
REACH = 2
LEAST_OVERLAP = 0.3

# The newest step's weight in a face's velocity: boxes jitter by a twentieth of their width.
NEWEST_STEP = 0.5

# A face keeps its number if it is out of sight for at most this many frames: the detector misses
# it, or somebody passes in front of it.
LONGEST_GAP = 6

# The emotion of a face whose likeliest class has too small a probability.
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
class Track:
    """A face as last seen, the frame where that was, and its velocity in pixels a frame."""

    face: Face
    frame: int
    velocity: np.ndarray

    def expected(self, frame):
        """Return the box where the face is in a frame if it keeps its velocity."""
        x, y, width, height = self.face.box
        step_x, step_y = self.velocity * (frame - self.frame)
        return x + step_x, y + step_y, width, height


class FaceTracker:
    """Numbers faces from 1 and smooths each face's probabilities over time.

    smoothing: weight of the past, 0 (none) to below 1, in an exponential average. A face that
    returns after more than LONGEST_GAP frames is a new one.
    """

    def __init__(self, smoothing):
        self.smoothing = smoothing
        self.restart()

    def restart(self):
        """Begin another video: number from 1 again."""
        self._frame = 0
        self._count = 0
        self.forget()

    def forget(self):
        """Begin another shot: every face is a new one."""
        self._tracks = {}  # by number

    def update(self, boxes, probabilities):
        """Return the Faces of the next frame, in the order of its boxes (N, 4)."""
        self._frame += 1
        faces = []
        for box, new, number in zip(boxes, probabilities, self._numbers(boxes)):
            if number in self._tracks:
                past = self._tracks[number].face.probabilities
                new = self.smoothing * past + (1 - self.smoothing) * new
            faces.append(Face(number, tuple(int(value) for value in box), new))
        self._tracks = {
            number: track for number, track in self._tracks.items()
            if self._frame - track.frame <= LONGEST_GAP
        } | {face.number: Track(face, self._frame, self._velocity(face)) for face in faces}
        return faces

    def _velocity(self, face):
        """Return the velocity of a face of this frame, (x, y) in pixels a frame."""
        if face.number not in self._tracks:
            return np.zeros(2)
        last = self._tracks[face.number]
        step = (center(face.box) - center(last.face.box)) / (self._frame - last.frame)
        return last.velocity + NEWEST_STEP * (step - last.velocity)

    def _numbers(self, boxes):
        """Return each box's number: that of the track that it fits best, or a new one."""
        boxes = [enlarged(box, REACH) for box in boxes]
        pairs = sorted(
            ((overlap(enlarged(track.expected(self._frame), REACH), box), number, position)
             for number, track in self._tracks.items()
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


def center(box):
    """Return the center of a box, (x, y)."""
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])


def enlarged(box, factor):
    """Return a box enlarged by a factor about its center."""
    x, y, width, height = box
    return (x - (factor - 1) / 2 * width, y - (factor - 1) / 2 * height,
            factor * width, factor * height)
