"""The web pages of a run: a video's player, timeline, faces and moments, or the pictures."""

import base64

import cv2
import numpy as np

from pipeline.detection.outputs.drawing import BOX_COLOR, clock, colors_of
from pipeline.detection.outputs.formats import copy_paths
from pipeline.detection.outputs.timeline import Timeline
from pipeline.detection.outputs.webpages import face_url, flat, link, picture_url, template_of
from pipeline.process.terminal import printable

LARGER = 1.5  # times the area of a face's box: then it gets a new picture
MOST_PICTURES = 1000  # of 10 to 20 kB each
PICTURE_SIDE, FACE_SIDE = 320, 96  # pixels
LEAST_SECONDS = 0.5  # of a moment
MOST_MOMENTS = 3  # of an emotion
LONGEST_STEP = 0.35  # seconds: a face that is out of sight for longer begins a new moment


class VideoPage:
    """Keeps each face's emotions and its largest picture for the page of a Job."""

    def __init__(self, job, summary):
        self._job = job
        self._summary = summary
        self._history = Timeline(summary)
        self._pictures = {}  # {number: (area, data: URL)}
        self._cuts = []

    def write(self, frame, faces):
        """Keep a frame's emotions, and a picture of each face that was smaller before."""
        self._history.write(frame, faces)
        if frame.is_cut:
            self._cuts.append(round(frame.seconds, 3))
        for face in faces:
            area = face.box[2] * face.box[3]
            if area > LARGER * self._pictures.get(face.number, (0, None))[0]:
                self._pictures[face.number] = area, face_url(frame.image, face.box, FACE_SIDE)

    def save(self, path):
        class_names, statistics = self._summary.class_names, self._summary.statistics
        seconds = np.array(self._history.seconds)
        faces = [{
            "number": number, "seconds": face.seconds, "first": face.first,
            "picture": self._pictures[number][1], "frames": np.array(self._history.frames[number]),
            "probabilities": np.array(self._history.probabilities[number]).reshape(face.frames, -1),
            "means": sorted(face.means(class_names).items(), key=lambda mean: -mean[1])}
            for number, face in sorted(statistics.faces.items(), key=lambda item: -item[1].seconds)]
        moments = []
        for place, name in enumerate(class_names):
            found = [moment for face in faces for moment in moments_of(
                face["number"], seconds[face["frames"]], face["probabilities"], place)]
            strongest = sorted(found, key=lambda moment: -moment["mean"])[:MOST_MOMENTS]
            moments.append((name, sorted(strongest, key=lambda moment: moment["first"])))
        data = {
            "classes": list(class_names), "colors": colors_of(class_names),
            "start": getattr(self._summary.source, "start", 0.0), "cuts": self._cuts,
            "duration": statistics.duration, "milliseconds": packed(1000 * seconds, "<u4"),
            "faces": [{"number": face["number"], "frames": packed(face["frames"], "<u4"),
                       "percent": packed(100 * face["probabilities"], "u1")} for face in faces]}
        about = f"{clock(statistics.duration)}, {len(faces):,} face{'s' * (len(faces) != 1)}"
        write_page(path, "video", self._job, self._summary, about=about, data=data, faces=faces,
                   moments=moments, video=link(self._job.annotated, self._job.page))


class GalleryPage:
    """Keeps a small copy of each picture and of its faces for the page of a Job."""

    def __init__(self, job, summary):
        self._job = job
        self._summary = summary
        self._pictures = []
        names = summary.source.names
        self._paths = (copy_paths(job.annotated, names) if job.annotated
                       else dict(zip(names, summary.source.paths)))

    def write(self, frame, faces):
        if len(self._pictures) == MOST_PICTURES:
            return
        image = frame.image.copy()
        for face in faces:
            cv2.rectangle(image, face.box, BOX_COLOR, max(2, max(image.shape[:2]) // 160))
        self._pictures.append({
            "name": printable(frame.name), "link": link(self._paths[frame.name], self._job.page),
            "url": picture_url(image, PICTURE_SIDE),
            "strongest": [round(100 * float(max(of_class))) for of_class in zip(
                *(face.probabilities for face in faces))],
            "faces": [{"number": face.number, "emotion": face.emotion,
                       "percent": f"{face.probabilities.max():.0%}",
                       "url": face_url(frame.image, face.box, FACE_SIDE)} for face in faces]})

    def save(self, path):
        statistics = self._summary.statistics
        write_page(path, "gallery", self._job, self._summary,
                   about=f"{statistics.frames:,} pictures, {len(statistics.faces):,} faces",
                   classes=self._summary.class_names, pictures=self._pictures,
                   more=statistics.frames - len(self._pictures))


def write_page(path, name, job, summary, **values):
    """Write a page with these values, and what both pages show."""
    text = template_of(name)(title=summary.title, facts=flat(summary.described()),
                             table=job.csv and link(job.csv, job.page), **values)
    path.write_text(text, "utf-8", "replace")


def moments_of(number, seconds, probabilities, place):
    """Return the stretches of at least half a second in which the class at `place` is likeliest.

    number: of the face. seconds: of its frames, (N,). probabilities: (N, classes).
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
