"""The table that ends a run."""

import time
from collections import Counter

from rich.table import Table
from rich.text import Text

from pipeline.detection.outputs.facestatistics import longest_in_sight
from pipeline.terminal import printable

MOST_FACES = 6  # with a row each
LEAST_SHARE = 0.005  # of an emotion that is named


class RunSummary:
    """Sums up a run: its FaceStatistics, how faces and emotions were found, Skips and its rate.

    analyzer: an EmotionAnalyzer. pictures: whether the frames are pictures.
    """

    def __init__(self, statistics, analyzer, skips, *, pictures):
        self._statistics = statistics
        self._analyzer = analyzer
        self._skips = skips
        self._pictures = pictures
        self._began = self._last = time.monotonic()

    def write(self, frame, faces):
        """Note when a frame was done."""
        self._last = time.monotonic()

    def table(self, title):
        """Return the rich Table."""
        frames, without_face = self._statistics.frames, self._statistics.without_face
        classifier = self._analyzer.classifier
        table = Table("", "", title=title, show_header=False, min_width=40)
        table.columns[1].justify = "right"
        table.add_row("frames", f"{frames:,}")
        table.add_row("  with a face", f"{frames - without_face:,}")
        table.add_row("  without a face", f"{without_face:,}")
        table.add_row("faces found by", self._analyzer.detector.name)
        table.add_row("emotions by", Text(printable(classifier.path.name)))
        table.add_row("  computed in", classifier.precision)
        for row in self._face_rows() if not self._pictures or frames == 1 else self._share_rows():
            table.add_row(*map(Text, row))
        for reason, count in self._skips.counts.items():
            table.add_row(reason, f"{count:,}")
        for suffix, count in self._skips.others.most_common():
            table.add_row(Text(f"other files: {printable(suffix)}"), f"{count:,}")
        rate = frames / max(self._last - self._began, 1e-6)
        table.add_row("frames a second", f"{rate:.0f}")
        return table

    def _face_rows(self):
        """Yield a row for each of the MOST_FACES that were in sight longest."""
        faces = self._statistics.faces
        shown = longest_in_sight(faces, MOST_FACES)
        yield f"faces: {len(faces):,}", ("probability" if self._pictures
                                         else "share of the face's frames")
        for number in shown:
            face = faces[number]
            if self._pictures:
                emotion, = face.emotions
                yield f"  face {number}", f"{emotion} {face.probabilities.max():.0%}"
            else:
                yield f"  face {number}, {face.seconds:.1f} s", ", ".join(
                    f"{name} {share:.0%}" for name, share in face.shares().items()
                    if share >= LEAST_SHARE)
        if len(faces) > len(shown):
            yield f"  and {len(faces) - len(shown):,} more", ""

    def _share_rows(self):
        """Yield a row for each emotion of the faces in all pictures."""
        faces = self._statistics.faces.values()
        emotions = sum((face.emotions for face in faces), Counter())
        yield f"faces: {len(faces):,}", "share of the faces"
        for name, count in emotions.most_common():
            yield f"  {name}", f"{count / len(faces):.0%}"
