"""Writes the web page of pictures: those with faces, sorted by an emotion, and those without."""

from contextlib import contextmanager
from pathlib import PurePath

import cv2

from pipeline.detection.outputs.annotatedpictures import copy_paths
from pipeline.detection.outputs.drawing import BOX_COLOR
from pipeline.detection.outputs.webpages import (
    face_url,
    link,
    picture_url,
    require_page,
    run_facts,
    template_of,
    write_page,
)
from pipeline.terminal import printable

MOST_PICTURES = 1000  # of 10 to 20 kB each
PICTURE_SIDE, FACE_SIDE = 320, 64  # pixels


class GalleryPage:
    """Keeps a small copy of each picture and of its faces for the page.

    links: {name of a picture: URL}.
    """

    def __init__(self, class_names, links):
        self._class_names = class_names
        self._links = links
        self._pictures = []

    @classmethod
    @contextmanager
    def create(cls, job, source, analyzer, statistics, skips, settings):
        """Yield a GalleryPage, which is written however the block ends, if there was a picture.

        Raises UserError if the page cannot be written there.
        """
        require_page(job.page)
        template = template_of("gallery")
        paths = (copy_paths(job.annotated, source.names) if job.annotated
                 else dict(zip(source.names, source.paths)))
        page = cls(analyzer.class_names,
                   {name: link(path, job.page) for name, path in paths.items()})
        try:
            yield page
        finally:
            if statistics.frames:
                facts = run_facts(source, analyzer, statistics, skips, settings)
                write_page(job.page, template(
                    title=printable(PurePath(source.name).name), facts=facts,
                    table=job.csv and link(job.csv, job.page), classes=analyzer.class_names,
                    pictures=page._pictures, more=statistics.frames - len(page._pictures),
                    about=f"{statistics.frames:,} pictures, {len(statistics.faces):,} faces"))

    def write(self, frame, faces):
        """Keep a picture and its faces."""
        if len(self._pictures) == MOST_PICTURES:
            return
        image = frame.image.copy()
        for face in faces:
            x, y, width, height = face.box
            thickness = max(2, max(image.shape[:2]) // 160)
            cv2.rectangle(image, (x, y), (x + width, y + height), BOX_COLOR, thickness)
        self._pictures.append({
            "name": printable(frame.name), "link": self._links[frame.name],
            "url": picture_url(image, PICTURE_SIDE),
            "strongest": [max((round(100 * float(face.probabilities[place])) for face in faces),
                              default=0) for place in range(len(self._class_names))],
            "faces": [{"number": face.number, "emotion": face.emotion,
                       "percent": f"{face.probabilities.max():.0%}",
                       "url": face_url(frame.image, face.box, FACE_SIDE)} for face in faces]})
