"""What a run found: sums over its frames and faces, as JSON and as the table that ends it."""

import hashlib
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from rich.table import Table
from rich.text import Text

from pipeline import __version__
from pipeline.commandline import this_command
from pipeline.process.terminal import printable

MOST_FACES = 6  # with a row each
LEAST_SHARE = 0.005  # of an emotion that is named


@dataclass
class FaceSum:
    """Sums over the frames of a face."""

    name: str  # of its first frame
    first: float  # seconds of the first frame, and of the last
    last: float
    probabilities: object = 0.0  # their sum, (classes,)
    seconds: float = 0.0  # in sight
    frames: int = 0
    emotions: Counter = field(default_factory=Counter)  # frames by the likeliest emotion

    def means(self, class_names):
        """Return {class: mean probability}, to four decimals."""
        return dict(zip(class_names, (self.probabilities / self.frames).round(4).tolist()))

    def shares(self):
        """Return {emotion: share of the face's frames, 0-1}, the most frequent first."""
        return {name: count / self.frames for name, count in self.emotions.most_common()}


class FaceStatistics:
    """Counts frames and faces, and sums up each face.

    rate: nominal frames a second, or None for pictures. size: (width, height) of the first frame.
    """

    def __init__(self, rate):
        self.frames = self.without_face = 0
        self.faces = {}  # FaceSums by their number
        self.size = None
        self.speed = 0.0  # of the analysis, frames a second
        self._step = 1 / float(rate) if rate else 0.0
        self._last = None  # seconds of the last frame
        self._began = time.monotonic()

    def write(self, frame, faces):
        # A frame counts for the time since the one before it, the first one for its nominal time.
        elapsed = self._step if self._last is None else frame.seconds - self._last
        self._last = frame.seconds
        self.size = self.size or frame.gray.shape[::-1]
        self.frames += 1
        self.without_face += not faces
        self.speed = self.frames / max(time.monotonic() - self._began, 1e-6)
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
        """Seconds to the end of the last frame."""
        return 0.0 if self._last is None else self._last + self._step

    def longest(self, most):
        """Return the numbers, in order, of the `most` faces that were in sight longest."""
        return sorted(sorted(self.faces, key=lambda number: -self.faces[number].seconds)[:most])


class RunSummary:
    """A run's source, EmotionAnalyzer, Skips and other settings, with its FaceStatistics."""

    def __init__(self, source, analyzer, skips, settings):
        self.source = source
        self.title = printable(PurePath(source.name).name)
        self.class_names = analyzer.class_names
        self.settings = {**analyzer.settings, **settings}
        self.statistics = FaceStatistics(None if source.pictures else source.rate)
        self._analyzer = analyzer
        self._skips = skips

    def described(self):
        """Return all but the faces as a dict for JSON."""
        classifier, detector = self._analyzer.classifier, self._analyzer.detector
        source, statistics = self.source, self.statistics
        about = {"name": printable(source.name)}
        if os.path.isfile(source.name):
            about["bytes"] = os.path.getsize(source.name)
        about["width"], about["height"] = statistics.size
        if not source.pictures:
            about["frames_per_second"] = round(float(source.rate), 3)
            about["seconds"] = round(statistics.duration, 3)
        return {
            "command": printable(this_command()), "version": __version__,
            "source": {**about, "frames": statistics.frames,
                       "frames_without_a_face": statistics.without_face,
                       "left_out": dict(self._skips.counts)},
            "model": {**file_of(classifier.path), "precision": classifier.precision,
                      "looks": classifier.looks},
            "face_detector": {"name": detector.name, "files": list(map(file_of, detector.paths))},
            "settings": self.settings}

    def faces(self):
        """Return a list of a dict for JSON for each face."""
        described = []
        for number, face in sorted(self.statistics.faces.items()):
            place = {"file": printable(face.name)} if self.source.pictures else {
                "first_second": round(face.first, 3), "last_second": round(face.last, 3),
                "seconds_in_sight": round(face.seconds, 3)}
            shares = {name: round(share, 4) for name, share in face.shares().items()}
            described.append({
                "face": number, **place, "frames": face.frames,
                "mean_probability": face.means(self.class_names), "share_of_frames": shares})
        return described

    def table(self):
        """Return the rich Table that ends the run."""
        statistics, classifier = self.statistics, self._analyzer.classifier
        several = self.source.pictures and statistics.frames != 1
        rows = {"frames": f"{statistics.frames:,}",
                "  with a face": f"{statistics.frames - statistics.without_face:,}",
                "  without a face": f"{statistics.without_face:,}",
                "faces found by": self._analyzer.detector.name,
                "emotions by": printable(classifier.path.name),
                "  computed in": classifier.precision,
                **dict(self._share_rows() if several else self._face_rows()),
                **{reason: f"{count:,}" for reason, count in self._skips.counts.items()},
                **{f"other files: {printable(suffix)}": f"{count:,}"
                   for suffix, count in self._skips.others.most_common()},
                "frames a second": f"{statistics.speed:.0f}"}
        title = Text(printable(self.source.name))
        table = Table("", "", title=title, show_header=False, min_width=40)
        table.columns[1].justify = "right"
        for row in rows.items():
            table.add_row(*map(Text, row))
        return table

    def _face_rows(self):
        faces, pictures = self.statistics.faces, self.source.pictures
        yield f"faces: {len(faces):,}", "probability" if pictures else "share of the face's frames"
        for number in self.statistics.longest(MOST_FACES):
            face = faces[number]
            if pictures:
                emotion, = face.emotions
                yield f"  face {number}", f"{emotion} {face.probabilities.max():.0%}"
            else:
                yield f"  face {number}, {face.seconds:.1f} s", ", ".join(
                    f"{name} {share:.0%}" for name, share in face.shares().items()
                    if share >= LEAST_SHARE)
        if len(faces) > MOST_FACES:
            yield f"  and {len(faces) - MOST_FACES:,} more", ""

    def _share_rows(self):
        faces = self.statistics.faces.values()
        emotions = sum((face.emotions for face in faces), Counter())
        yield f"faces: {len(faces):,}", "share of the faces"
        for name, count in emotions.most_common():
            yield f"  {name}", f"{count / len(faces):.0%}"


def file_of(path):
    content = Path(path).read_bytes()
    return {"file": printable(Path(path).name), "sha256": hashlib.sha256(content).hexdigest()}
