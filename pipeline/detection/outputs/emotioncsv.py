"""Writes the emotions of every face to a CSV file."""

import csv
from contextlib import contextmanager

from pipeline.io.wholefile import growing_file


class EmotionCSV:
    """Writes a row per face per frame, as it goes.

    Columns: frame (from 0), seconds, face (from 1), x, y, width, height in the frame's pixels,
    each emotion's probability, then the likeliest emotion, or unsure; with_name adds the picture's
    file in front.
    """

    def __init__(self, file, class_names, with_name):
        self._writer = csv.writer(file)
        self._with_name = with_name
        self._writer.writerow([*["file"] * with_name, "frame", "seconds", "face",
                               "x", "y", "width", "height", *class_names, "emotion"])

    @classmethod
    @contextmanager
    def create(cls, path, class_names, with_name):
        """Yield a writer for `path`; an earlier file comes back if the block raises."""
        with growing_file(path) as file:
            yield cls(file, class_names, with_name)

    def write(self, frame, faces):
        """Write the rows of a frame."""
        for face in faces:
            self._writer.writerow([
                *[frame.name] * self._with_name, frame.index, f"{frame.seconds:.3f}", face.number,
                *face.box, *(f"{probability:.4f}" for probability in face.probabilities),
                face.emotion])
