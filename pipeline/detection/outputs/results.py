"""The faces of a picture or a video as a Python program gets them."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipeline.detection.faces.facetracker import Face as TrackedFace
from pipeline.detection.outputs.drawing import panel_of

ROW = 20  # pixels of a row of a panel in a notebook


@dataclass(repr=False)
class Face:
    """A face in a picture or a frame."""

    number: int  # stays with a face while it is in sight
    emotion: str
    box: tuple[int, int, int, int]  # x, y, width, height in pixels
    probabilities: dict[str, float]  # 0-1, by the emotion's name
    crop: np.ndarray = field(compare=False)  # what is in the box, (height, width, 3) uint8 RGB

    @property
    def confidence(self) -> float:
        """The probability of the likeliest emotion."""
        return max(self.probabilities.values())

    def drawable(self) -> TrackedFace:
        """Return the face as the modules that draw take it."""
        probabilities = np.array(list(self.probabilities.values()))
        return TrackedFace(self.number, self.box, probabilities, self.emotion)

    def __repr__(self) -> str:
        return f"Face({self.number}, {self.emotion} {self.confidence:.0%}, box={self.box})"

    def _repr_png_(self) -> bytes | None:
        return Faces([self])._repr_png_()


class Faces(list[Face]):
    """A list of faces, the largest first, which a notebook shows as pictures."""

    def _repr_png_(self) -> bytes | None:
        rows = []
        for face in self:
            panel = panel_of(face.drawable(), tuple(face.probabilities), ROW)
            crop = cv2.resize(face.crop, (len(panel), len(panel)), interpolation=cv2.INTER_AREA)
            rows.append(np.hstack([crop[..., ::-1], panel]))
        return cv2.imencode(".png", np.vstack(rows))[1].tobytes() if rows else None


@dataclass(repr=False)
class Moment:
    """A frame of a video: its number from 0, its time in seconds, and its faces."""

    frame: int
    seconds: float
    faces: Faces

    def __repr__(self) -> str:
        return f"Moment({self.seconds:.3f} s, {self.faces})"

    def _repr_png_(self) -> bytes | None:
        return self.faces._repr_png_()
