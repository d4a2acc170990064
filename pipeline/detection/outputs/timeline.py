"""Plots the emotions over time."""

from array import array
from contextlib import contextmanager

from pipeline.io.wholefile import whole_file


class Timeline:
    """Keeps each face's emotions, a few bytes a frame, and plots those of the longest seen."""

    def __init__(self):
        self._seconds = {}
        self._probabilities = {}

    @classmethod
    @contextmanager
    def create(cls, path, class_names):
        """Yield a Timeline that is drawn to `path` when the block ends well."""
        with whole_file(path) as partial:
            timeline = cls()
            yield timeline
            timeline.plot(partial, class_names)

    def write(self, frame, faces):
        """Keep the emotions of a frame."""
        for face in faces:
            self._seconds.setdefault(face.number, array("f")).append(frame.seconds)
            self._probabilities.setdefault(face.number, array("f")).extend(face.probabilities)

    def plot(self, path, class_names):
        """Draw the picture."""
        import numpy as np

        from pipeline.plots import plot_timeline

        faces = {
            number: (np.array(seconds),
                     np.array(self._probabilities[number]).reshape(len(seconds), -1))
            for number, seconds in self._seconds.items()
        }
        plot_timeline(faces, class_names, path)
