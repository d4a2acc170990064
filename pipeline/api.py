"""Faces and their emotions from Python: in a script, a notebook or a server.

    detector = EmotionDetector()
    for face in detector.detect("photo.jpg"):
        print(face.emotion, face.confidence, face.box, face.probabilities)

A wrong argument or file is a pipeline.errors.UserError of one line.
"""

import os
import warnings
from argparse import ArgumentTypeError
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np
from PIL.Image import Image

from pipeline.commandline import camera_number, existing_file, positive, seconds
from pipeline.detection.faces import facetracker
from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
from pipeline.detection.faces.emotionclassifier import EmotionClassifier
from pipeline.detection.faces.facedetectors import new_face_detector
from pipeline.detection.outputs.drawing import Annotator, panel_of
from pipeline.detection.outputs.emotiontable import table_columns, table_rows
from pipeline.detection.runs.plan import Job
from pipeline.detection.sources.framesource import Reading, local_path, open_source, require_video
from pipeline.detection.sources.pictureinmemory import picture_in_memory
from pipeline.ending import StopRequest
from pipeline.errors import UserError
from pipeline.files.folder import Skips
from pipeline.terminal import printable

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "checkpoints" / "ferplus.hdf5"
CASCADE = ROOT / "haarcascade_frontalface_default.xml"
YUNET = "face_detection_yunet_20[0-9][0-9]???.onnx"  # where a user has put it beside the model

FilePath = str | os.PathLike[str]
Picture = FilePath | Image | np.ndarray


@dataclass(repr=False)
class Face:
    """A face in a picture or a frame.

    number: stays with a face while it is in sight. box: x, y, width, height in pixels.
    probabilities: 0-1, by the emotion's name. crop: what is in the box, (height, width, 3) uint8.
    """

    number: int
    emotion: str
    box: tuple[int, int, int, int]
    probabilities: dict[str, float]
    crop: np.ndarray = field(compare=False)

    @property
    def confidence(self) -> float:
        return max(self.probabilities.values())

    def __repr__(self) -> str:
        return f"Face({self.number}, {self.emotion} {self.confidence:.0%}, box={self.box})"

    def _repr_png_(self) -> bytes | None:
        return Faces([self])._repr_png_()


class Faces(list[Face]):
    """A list that a notebook shows as pictures."""

    def _repr_png_(self) -> bytes | None:
        panels = [panel_of(_drawable(face), tuple(face.probabilities), row=20) for face in self]
        rows = [np.hstack([cv2.resize(face.crop, (len(panel), len(panel))), panel[..., ::-1]])
                for face, panel in zip(self, panels)]
        return cv2.imencode(".png", np.vstack(rows)[..., ::-1])[1].tobytes() if rows else None


@dataclass
class Moment:
    """A frame of a video: its number from 0, its time in seconds, and its faces."""

    frame: int
    seconds: float
    faces: Faces

    def _repr_png_(self) -> bytes | None:
        return self.faces._repr_png_()


class EmotionDetector:
    """Finds faces and their emotions as emotion_detector.py does; many threads may share one.

    model: a model file. face_detector: a YuNet (.onnx) or a cascade (.xml); by default YuNet if it
    is in checkpoints/, else the cascade. precision: "float32" or "int8"; by default int8 if the
    model file allows it. smoothing: time constant of the average over a face's emotions in a
    video, seconds. threads: of the network; OpenCV has those of cv2.setNumThreads.
    """

    def __init__(self, model: FilePath = MODEL, face_detector: FilePath | None = None,
                 precision: str | None = None, smoothing: float = 0.14,
                 threads: int | None = None) -> None:
        self._arguments = {"model": model, "face_detector": face_detector, "precision": precision,
                           "smoothing": smoothing, "threads": threads}
        _checked("smoothing", smoothing, seconds)
        if threads is not None:
            _checked("threads", threads, positive)
        if face_detector is None:
            self._finder = max(MODEL.parent.glob(YUNET), default=None), None
        else:
            path = existing_file(face_detector, "face detector", "leave it out for the default")
            self._finder = (None, path) if path.suffix == ".xml" else (path, None)
        self._classifier = EmotionClassifier(
            existing_file(model, "model file", "install from a clone, with pip install -e ."),
            precision, threads)
        self.class_names = self._classifier.class_names
        self._idle = deque([self._analyzer(pictures=True)])  # those that no thread uses

    def __repr__(self) -> str:
        given = [f"{name}={value}" for name, value in self._arguments.items() if value is not None]
        return f"EmotionDetector({', '.join(given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(EmotionDetector, **self._arguments), ()

    @overload
    def detect(self, image: Picture, *, bgr: bool = False) -> Faces: ...
    @overload
    def detect(self, image: list[Picture], *, bgr: bool = False) -> list[Faces]: ...
    def detect(self, image: Any, *, bgr: bool = False) -> Any:
        """Return the faces of a picture, the largest first; for a list of pictures, a list.

        image: a path, a Pillow image, or an array (height, width, 3) RGB, (height, width, 4) RGBA
        or (height, width), uint8, uint16 or floats in 0-1. bgr: arrays and crops are BGR.
        """
        if isinstance(image, list | tuple):
            return [self.detect(each, bgr=bgr) for each in image]
        picture = picture_in_memory(image, bgr=bgr)
        try:
            analyzer = self._idle.pop()
        except IndexError:
            analyzer = self._analyzer(pictures=True)
        [(_, faces)] = analyzer.analyze([picture], live=True)
        self._idle.append(analyzer)
        return self._faces(faces, picture.pixels, turned=picture.bgr != bgr)

    def watch(self, source: FilePath | int, *, every: int = 1) -> Iterator[Moment]:
        """Yield the Moments of a video file, a stream's address or a camera's number.

        every: take each N-th frame. The source is closed when the iterator ends or is closed.
        """
        return (Moment(frame.index, frame.seconds,
                       self._faces(faces, frame.image if faces else None, turned=True))
                for frame, faces in self._results(*_video(source, every)))

    def rows(self, source: FilePath | int, *, every: int = 1) -> Iterator[dict[str, Any]]:
        """Yield the rows of emotion_detector.py's table of a video; an empty cell is None."""
        columns = table_columns(self.class_names, pictures=False)
        return (dict(zip(columns, _values(*cells)))
                for frame, faces in self._results(*_video(source, every))
                for cells in table_rows(frame, faces, columns, pictures=False))

    def _results(self, job: Job, reading: Reading) -> Iterator[Any]:
        """Yield each frame of a video with its faces, as the script has them."""
        with (open_source(job, _Warnings(), StopRequest(), reading) as source,
              closing(self._analyzer(pictures=False).analyze(source, live=source.live)) as results):
            yield from results

    def _analyzer(self, *, pictures: bool) -> EmotionAnalyzer:
        return EmotionAnalyzer(
            new_face_detector(*self._finder, CASCADE, pictures=pictures), self._classifier,
            facetracker.FaceTracker(), smoothing=self._arguments["smoothing"],
            least_confidence=0.0, frames_belong_together=not pictures)

    def _faces(self, faces: Any, pixels: Any, *, turned: bool) -> Faces:
        """Return faces with crops of the pixels, turned from BGR to RGB or back."""
        return Faces(Face(face.number, face.emotion, face.box,
                          dict(zip(self.class_names, face.probabilities.tolist())),
                          pixels[y:y + height, x:x + width, ::-1 if turned else 1].copy())
                     for face in faces for x, y, width, height in [face.box])


def draw(image: Picture, faces: list[Face], *, bgr: bool = False) -> np.ndarray:
    """Return a copy of a picture, (height, width, 3) uint8, with what the script draws on it.

    image, bgr: as in EmotionDetector.detect.
    """
    picture = picture_in_memory(image, bgr=bgr)
    picture.image = picture.image.copy()
    names = tuple(faces[0].probabilities) if faces else ()
    Annotator(names, with_time=False).write(picture, list(map(_drawable, faces)))
    return picture.image if bgr else picture.image[..., ::-1].copy()


class _Warnings(Skips):
    def add(self, reason: str, line: str, number: int = 1) -> None:
        warnings.warn(line, stacklevel=2)


def _drawable(face: Face) -> facetracker.Face:
    return facetracker.Face(face.number, face.box, np.array(list(face.probabilities.values())),
                            face.emotion)


def _video(source: Any, every: Any) -> tuple[Job, Reading]:
    """Return which video is read, and how; raise UserError if it cannot be."""
    if isinstance(source, str | os.PathLike):
        source = local_path(os.fspath(source))
    else:
        source = _checked("camera", source, camera_number)
    require_video(source)
    return Job(source), Reading(_checked("every", every, positive), reconnect=30)


def _values(*cells: Any) -> list[Any]:
    """Return the cells of a row of the table as numbers, None where they are empty, and a name."""
    *numbers, emotion = (None if cell == "" else cell for cell in cells)
    return [*(float(cell) if isinstance(cell, str) else cell for cell in numbers), emotion]


def _checked(name: str, value: Any, check: Any) -> Any:
    """Return an argument as the command line would take it; raise UserError if it would not."""
    try:
        return check(printable(value))
    except ArgumentTypeError as error:
        raise UserError(f"{name}={error}") from None
