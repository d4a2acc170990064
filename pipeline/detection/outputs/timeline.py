"""Plots the emotions over time."""

from array import array
from contextlib import contextmanager

from pipeline.errors import UserError
from pipeline.files.wholefile import place_of, whole_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".pdf", ".svg", ".tif", ".tiff", ".webp")


class Timeline:
    """Keeps each face's emotions, a few bytes a frame, and plots those of the longest seen."""

    def __init__(self):
        self.frames = 0
        self._seconds = {}
        self._probabilities = {}

    @classmethod
    @contextmanager
    def create(cls, path, class_names):
        """Yield a Timeline that is drawn to `path` however the block ends, if a frame came.

        Raises UserError if nothing can be drawn or written there.
        """
        if path.suffix.lower() not in SUFFIXES and place_of(path):
            raise UserError(f"{path}: no picture is drawn with this suffix; expected "
                            + ", ".join(SUFFIXES))
        timeline = cls()
        try:
            yield timeline
        finally:
            if timeline.frames:
                with whole_file(path) as partial:
                    timeline.plot(partial, class_names)

    def write(self, frame, faces):
        """Keep the emotions of a frame."""
        self.frames += 1
        for face in faces:
            self._seconds.setdefault(face.number, array("f")).append(frame.seconds)
            self._probabilities.setdefault(face.number, array("f")).extend(face.probabilities)

    def plot(self, path, class_names):
        """Draw the picture."""
        import numpy as np

        from pipeline.evaluation.plots import plot_timeline

        faces = {
            number: (np.array(seconds),
                     np.array(self._probabilities[number]).reshape(len(seconds), -1))
            for number, seconds in self._seconds.items()
        }
        plot_timeline(faces, class_names, path)
