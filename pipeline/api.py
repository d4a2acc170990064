"""Faces and their emotions from Python: in a script, a notebook or a server (docs/python.md).

A wrong argument or file is a pipeline.errors.UserError of one line.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any, overload

import numpy as np
from PIL.Image import Image

from pipeline import CASCADE, MODEL
from pipeline.commandline import camera_number, checked, existing_file, positive, seconds
from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
from pipeline.detection.faces.emotionclassifier import EmotionClassifier
from pipeline.detection.faces.facedetector import new_face_detector
from pipeline.detection.faces.facetracker import FaceTracker
from pipeline.detection.outputs.drawing import Annotator
from pipeline.detection.outputs.emotiontable import table_columns, table_rows, values_of
from pipeline.detection.outputs.results import Face, Faces, Moment
from pipeline.detection.runs.plan import Job
from pipeline.detection.sources.framesource import Reading, local_path, open_source, require_video
from pipeline.detection.sources.picturesource import picture_in_memory
from pipeline.errors import UserError
from pipeline.files.folder import Skips
from pipeline.process.ending import StopRequest

YUNET = "face_detection_yunet_20[0-9][0-9]???.onnx"  # where a user has put it beside the model

FilePath = str | os.PathLike[str]
Picture = FilePath | Image | np.ndarray


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
        threads = None if threads is None else checked("threads", threads, positive)
        self._arguments: dict[str, Any] = {
            "model": model, "face_detector": face_detector, "precision": precision,
            "smoothing": checked("smoothing", smoothing, seconds), "threads": threads}
        self._finder = max((path for path in MODEL.parent.glob(YUNET)
                            if path.stat().st_size > 1000), default=None), None
        if face_detector is not None:
            path = existing_file(face_detector, "face detector", "leave it out for the default")
            self._finder = (None, path) if path.suffix == ".xml" else (path, None)
        self._classifier = EmotionClassifier(
            existing_file(model, "model file", "install from a clone, with pip install -e ."),
            precision, threads)
        self.class_names = self._classifier.class_names
        # Of pictures, for a thread each, while none uses them: the first one tries a strange file.
        self._idle = [self._analyzer(pictures=True)] if face_detector is not None else []

    def __repr__(self) -> str:
        given = (f"{name}={value}" for name, value in self._arguments.items() if value is not None)
        return f"EmotionDetector({', '.join(given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(EmotionDetector, **self._arguments), ()

    @overload
    def detect(self, image: Picture, *, bgr: bool = False) -> Faces: ...
    @overload
    def detect(self, image: list[Any], *, bgr: bool = False) -> list[Faces]: ...
    def detect(self, image: Any, *, bgr: bool = False) -> Any:
        """Return the faces of a picture, the largest first; for a list of pictures, a list.

        image: a path, a Pillow image, or an array (height, width, 3) RGB, (height, width, 4) RGBA
        or (height, width), uint8, uint16 or floats in 0-1. bgr: an array is BGR, or BGRA.
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
        return self._faces(faces, picture.image)

    def watch(self, source: FilePath | int, *, every: int = 1) -> Iterator[Moment]:
        """Yield the Moments of each N-th frame of a video file, an address or a camera's number."""
        return (Moment(frame.index, float(frame.seconds),
                       self._faces(faces, frame.image if faces else None))
                for frame, faces in self._results(*_video(source, every)))

    def rows(self, source: FilePath | int, *, every: int = 1) -> Iterator[dict[str, Any]]:
        """Yield the rows of emotion_detector.py's table of a video; an empty cell is None."""
        columns = table_columns(self.class_names, pictures=False)
        return (dict(zip(columns, values_of(cells)))
                for frame, faces in self._results(*_video(source, every))
                for cells in table_rows(frame, faces, columns, pictures=False))

    def _results(self, job: Job, reading: Reading) -> Iterator[Any]:
        with (open_source(job, Skips(warnings.warn), StopRequest(), reading) as source,
              closing(self._analyzer(pictures=False).analyze(source, live=source.live)) as results):
            yield from results

    def _analyzer(self, *, pictures: bool) -> EmotionAnalyzer:
        return EmotionAnalyzer(
            new_face_detector(*self._finder, CASCADE, pictures=pictures), self._classifier,
            FaceTracker(), smoothing=self._arguments["smoothing"],
            least_confidence=0.0, frames_belong_together=not pictures)

    def _faces(self, faces: Any, image: Any) -> Faces:
        return Faces(Face(face.number, face.emotion, face.box,
                          dict(zip(self.class_names, face.probabilities.tolist())),
                          image[y:y + height, x:x + width, ::-1].copy())
                     for face in faces for x, y, width, height in [face.box])


def draw(image: Picture, faces: list[Face], *, bgr: bool = False) -> np.ndarray:
    """Return a copy of a picture, (height, width, 3) uint8, with what the script draws on it.

    image, bgr: as in EmotionDetector.detect; with bgr the copy is BGR too, else RGB.
    """
    picture = picture_in_memory(image, bgr=bgr)
    picture.image = picture.image.copy()
    annotator = Annotator(tuple(faces[0].probabilities) if faces else (), with_time=False)
    annotator.write(picture, [face.drawable() for face in faces])
    return picture.image if bgr else picture.image[..., ::-1].copy()


def _video(source: Any, every: Any) -> tuple[Job, Reading]:
    """Return which video is read, and how; raise UserError if it cannot be."""
    if isinstance(source, int):
        source = checked("source", source, camera_number)
    elif isinstance(source, str | os.PathLike):
        source = local_path(os.fspath(source))
    else:
        raise UserError(f"found {type(source).__name__}, expected a video file, a stream's address "
                        "or a camera's number")
    require_video(source)
    return Job(source), Reading(checked("every", every, positive), reconnect=30)
