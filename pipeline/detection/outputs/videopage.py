"""Writes the web page of a video: its player, its emotions over time, its faces and moments."""

import base64
from contextlib import contextmanager
from pathlib import PurePath

import numpy as np

from pipeline.detection.outputs.drawing import clock, colors_of
from pipeline.detection.outputs.timeline import Timeline
from pipeline.detection.outputs.webpages import (
    face_url,
    link,
    require_page,
    run_facts,
    template_of,
    write_page,
)
from pipeline.terminal import printable

FACE_SIDE = 96  # pixels of a face's picture
LARGER = 1.5  # times the area of a face's box: then it gets a new picture

LEAST_SECONDS = 0.5  # of a moment
MOST_MOMENTS = 3  # of an emotion
LONGEST_STEP = 0.35  # seconds: a face that is out of sight for longer begins a new moment


class VideoPage:
    """Keeps each face's emotions and its largest picture for the page.

    statistics: FaceStatistics of the same frames.
    """

    def __init__(self, class_names, statistics):
        self._class_names = class_names
        self._statistics = statistics
        self._history = Timeline(statistics)
        self._pictures = {}  # {number: (area, data: URL)}
        self._cuts = []

    @classmethod
    @contextmanager
    def create(cls, job, source, analyzer, statistics, skips, settings):
        """Yield a VideoPage, which is written however the block ends, if there was a frame.

        Raises UserError if the page cannot be written there.
        """
        require_page(job.page)
        template = template_of("video")
        page = cls(analyzer.class_names, statistics)
        try:
            yield page
        finally:
            if statistics.frames:
                facts = run_facts(source, analyzer, statistics, skips, settings)
                write_page(job.page, template(
                    title=printable(PurePath(source.name).name), facts=facts,
                    video=link(job.annotated, job.page),
                    table=job.csv and link(job.csv, job.page),
                    **page.values(getattr(source, "start", 0.0))))

    def write(self, frame, faces):
        """Keep a frame's emotions, and a picture of each face that was smaller before."""
        self._history.write(frame, faces)
        if frame.is_cut:
            self._cuts.append(round(frame.seconds, 3))
        for face in faces:
            area = face.box[2] * face.box[3]
            if area > LARGER * self._pictures.get(face.number, (0, None))[0]:
                self._pictures[face.number] = area, face_url(frame.image, face.box, FACE_SIDE)

    def values(self, start):
        """Return what the template shows. start: seconds at which the annotated video begins."""
        seconds = np.array(self._history.seconds)
        faces = [self._face(number) for number in sorted(
            self._statistics.faces, key=lambda number: -self._statistics.faces[number].seconds)]
        moments = []
        for place, name in enumerate(self._class_names):
            found = [moment for face in faces for moment in moments_of(
                face["number"], seconds[face["frames"]], face["probabilities"], place)]
            strongest = sorted(found, key=lambda moment: -moment["mean"])[:MOST_MOMENTS]
            moments.append((name, sorted(strongest, key=lambda moment: moment["first"])))
        data = {
            "classes": list(self._class_names), "colors": colors_of(self._class_names),
            "start": start, "duration": self._statistics.duration, "cuts": self._cuts,
            "milliseconds": packed(1000 * seconds, "<u4"),
            "faces": [{"number": face["number"], "frames": packed(face["frames"], "<u4"),
                       "percent": packed(100 * face["probabilities"], "u1")} for face in faces]}
        return {"data": data, "faces": faces, "moments": moments, "about": self._about()}

    def _about(self):
        """Return the line that the index has of this page."""
        number = len(self._statistics.faces)
        return f"{clock(self._statistics.duration)}, {number:,} face" + "s" * (number != 1)

    def _face(self, number):
        face_sum = self._statistics.faces[number]
        probabilities = np.array(self._history.probabilities[number])
        means = zip(self._class_names, face_sum.probabilities / face_sum.frames)
        return {"number": number, "frames": np.array(self._history.frames[number]),
                "probabilities": probabilities.reshape(-1, len(self._class_names)),
                "seconds": face_sum.seconds, "first": face_sum.first,
                "picture": self._pictures[number][1],
                "means": sorted(means, key=lambda mean: -mean[1])}


def moments_of(number, seconds, probabilities, place):
    """Return the stretches of at least half a second in which a class is a face's likeliest.

    number: of the face. seconds: of its frames, (N,). probabilities: (N, classes). place: of the
    class. Returns dicts of face, first and last (seconds), and mean (0-1).
    """
    likeliest = probabilities.argmax(axis=1) == place
    breaks = np.flatnonzero((np.diff(likeliest) != 0) | (np.diff(seconds) > LONGEST_STEP)) + 1
    found = []
    for part in np.split(np.arange(len(seconds)), breaks):
        first, last = seconds[part[0]], seconds[part[-1]]
        if likeliest[part[0]] and last - first >= LEAST_SECONDS:
            found.append({"face": number, "first": float(first), "last": float(last),
                          "mean": float(probabilities[part, place].mean())})
    return found


def packed(values, dtype):
    """Return numbers, rounded, as base64 of this dtype."""
    return base64.b64encode(np.rint(values).astype(dtype).tobytes()).decode()
