"""Numbers faces from frame to frame and smooths their emotions. All times are in seconds."""

from dataclasses import dataclass, field
from itertools import count
from math import exp, prod

import numpy as np

from pipeline.detection.faces import ROUNDING
from pipeline.detection.faces.boxes import overlap

# A face's box and the one where its velocity takes it, each enlarged by REACH, overlap by at least
# LEAST_OVERLAP: a small face moves further than its own width.
REACH, LEAST_OVERLAP = 2, 0.3

VELOCITY_SECONDS = 0.07  # time constant of a face's velocity: boxes jitter by a twentieth

# A face keeps its number if it was in the last frame, or was seen this many seconds ago: the
# detector missed it, or somebody passed in front of it.
LONGEST_GAP = 0.35
LEAST_SHARE = 0.5  # with one person, another face takes over if this one has less of its area

UNSURE = "unsure"  # the emotion of a face whose likeliest class has too small a probability


@dataclass
class Face:
    """A face in a frame."""

    number: int
    box: tuple  # x, y, width, height
    probabilities: np.ndarray  # (classes,)
    emotion: str = UNSURE  # or the likeliest class


@dataclass(eq=False)
class Track:
    """A face as it was last seen, at `seconds`."""

    number: int
    box: tuple
    seconds: float
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))  # pixels a second
    probabilities: np.ndarray | None = None  # smoothed
    smoothed_at: float = 0.0

    def expected(self, seconds):
        """Return the box where the face is at a time if it keeps its velocity for LONGEST_GAP."""
        x, y, width, height = self.box
        step_x, step_y = self.velocity * min(seconds - self.seconds, LONGEST_GAP)
        return x + step_x, y + step_y, width, height

    def move(self, box, seconds):
        elapsed = seconds - self.seconds
        if elapsed > 0:
            centers = [np.add(each[:2], np.divide(each[2:], 2)) for each in (self.box, box)]
            velocity = (centers[1] - centers[0]) / elapsed
            newest = 1 - exp(-elapsed / VELOCITY_SECONDS)
            self.velocity = self.velocity + newest * (velocity - self.velocity)
        self.box, self.seconds = box, seconds

    def smooth(self, probabilities, time_constant):
        """Return the exponential average of the probabilities (classes,), old and new."""
        if self.probabilities is not None and time_constant:
            past = exp(-(self.seconds - self.smoothed_at) / time_constant)
            probabilities = past * self.probabilities + (1 - past) * probabilities
        self.probabilities, self.smoothed_at = probabilities, self.seconds
        return probabilities


class FaceTracker:
    """Numbers faces from 1. A face that returns after more than LONGEST_GAP is a new one.

    only_largest: follow one person, number 1 in every shot: the largest face, and then that face
    while it is in sight and has at least LEAST_SHARE of the largest one's area.
    """

    def __init__(self, *, only_largest=False):
        self.only_largest = only_largest
        self.restart()

    def restart(self):
        """Begin another video: number from 1 again."""
        self._new_numbers = count(1)
        self.forget()

    def forget(self):
        """Begin another shot: every face is a new one."""
        self._tracks = {}  # by number
        self._last = None  # the time of the last frame
        self._person = None  # the Track of the one person

    def update(self, boxes, seconds):
        """Return the Tracks of the next frame's faces, in the order of its boxes (N, 4)."""
        self._tracks = {
            number: track for number, track in self._tracks.items()
            if track.seconds == self._last or seconds - track.seconds <= LONGEST_GAP + ROUNDING}
        self._last = seconds
        known = self._known_numbers(boxes, seconds)
        tracks = []
        for position, box in enumerate(boxes):
            box = tuple(map(int, box))
            number = known.get(position) or next(self._new_numbers)
            track = self._tracks.setdefault(number, Track(number, box, seconds))
            track.move(box, seconds)
            tracks.append(track)
        return self._of_one_person(tracks) if self.only_largest else tracks

    def _known_numbers(self, boxes, seconds):
        """Return {position: number} of the boxes that fit a track, each track's best box."""
        boxes = [enlarged(box, REACH) for box in boxes]
        pairs = ((overlap(enlarged(track.expected(seconds), REACH), box), number, position)
                 for number, track in self._tracks.items() for position, box in enumerate(boxes))
        numbers = {}
        for share, number, position in sorted(pairs, reverse=True):
            taken = position in numbers or number in numbers.values()
            if share >= LEAST_OVERLAP and not taken:
                numbers[position] = number
        return numbers

    def _of_one_person(self, tracks):
        gone = self._person not in self._tracks.values()
        if tracks and (gone or (
                prod(self._person.box[2:]) < LEAST_SHARE * prod(tracks[0].box[2:]))):
            self._person = tracks[0]
        return [track for track in tracks if track is self._person]


def enlarged(box, factor):
    x, y, width, height = box
    more = (factor - 1) / 2
    return x - more * width, y - more * height, factor * width, factor * height
