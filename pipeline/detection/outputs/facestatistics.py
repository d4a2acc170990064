"""Sums up the faces of a run."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class FaceSum:
    """One face: name of its first frame, seconds of its first and last, and sums over its frames.

    seconds: how long it was in sight. probabilities: their sum, (classes,). emotions: frames by
    the likeliest emotion.
    """

    name: str
    first: float
    last: float
    probabilities: object = 0.0
    seconds: float = 0.0
    frames: int = 0
    emotions: Counter = field(default_factory=Counter)

    def shares(self):
        """Return {emotion: share of the face's frames, 0-1}, the most frequent first."""
        return {name: count / self.frames for name, count in self.emotions.most_common()}


class FaceStatistics:
    """Counts frames and faces, and sums up each face.

    rate: nominal frames a second, or None for pictures. faces: {number: FaceSum}. size: (width,
    height) of the first frame, pixels. duration: seconds to the end of the last frame.
    """

    def __init__(self, rate):
        self.frames = self.without_face = 0
        self.faces = {}
        self.size = None
        self._step = 1 / float(rate) if rate else 0.0
        self._last = None  # seconds of the last frame

    def write(self, frame, faces):
        """Add a frame and its faces."""
        # A frame counts for the time since the one before it, the first one for its nominal time.
        elapsed = self._step if self._last is None else frame.seconds - self._last
        self._last = frame.seconds
        self.size = self.size or frame.gray.shape[::-1]
        self.frames += 1
        self.without_face += not faces
        for face in faces:
            face_sum = self.faces.setdefault(
                face.number, FaceSum(frame.name, frame.seconds, frame.seconds))
            face_sum.last = frame.seconds
            face_sum.seconds += elapsed
            face_sum.frames += 1
            face_sum.probabilities = face_sum.probabilities + face.probabilities.astype(float)
            face_sum.emotions[face.emotion] += 1

    @property
    def duration(self):
        return 0.0 if self._last is None else self._last + self._step


def longest_in_sight(faces, most):
    """Return the numbers, in order, of the `most` FaceSums that were in sight longest."""
    longest = sorted(faces, key=lambda number: -faces[number].seconds)[:most]
    return sorted(longest)
