"""Everything that a run of the detector writes and shows."""

from contextlib import ExitStack, contextmanager

from rich.console import Console

from pipeline.detection.outputs.annotatedpictures import AnnotatedPictures
from pipeline.detection.outputs.annotatedvideo import AnnotatedVideo
from pipeline.detection.outputs.drawing import Annotator
from pipeline.detection.outputs.emotioncsv import EmotionCSV
from pipeline.detection.outputs.runsummary import RunSummary
from pipeline.detection.outputs.timeline import Timeline
from pipeline.detection.outputs.windows import Windows


class Outputs:
    """Hands each frame and its faces to what is wanted: files, windows, and always a summary.

    sinks: objects with write(frame, faces), in order. files: {what: path} for the summary.
    """

    def __init__(self, summary, sinks, files):
        self._summary = summary
        self._sinks = [summary, *sinks]
        self._files = files

    @classmethod
    @contextmanager
    def create(cls, source, class_names, *, found_by, display, annotated=None, csv=None,
               timeline=None):
        """Yield Outputs for a source's frames; the paths' files are whole when the block ends.

        found_by: what finds the faces, for the summary. display: open the windows. Raises
        UserError if a file or a window cannot be had.
        """
        sinks = []
        with ExitStack() as stack:
            if csv:
                sinks.append(stack.enter_context(
                    EmotionCSV.create(csv, class_names, with_name=source.pictures)))
            if timeline:
                sinks.append(stack.enter_context(Timeline.create(timeline, class_names)))
            if annotated or display:  # what is drawn here is shown and written next
                sinks.append(Annotator(class_names, with_rate=not source.pictures))
            if display:
                sinks.append(stack.enter_context(Windows(class_names, wait=source.pictures)))
            if annotated and source.pictures:
                sinks.append(AnnotatedPictures(annotated, folder=source.is_folder))
            elif annotated:
                sinks.append(stack.enter_context(AnnotatedVideo.create(annotated, source.rate)))
            files = {"annotated": annotated, "emotions by face and frame": csv,
                     "timeline": timeline}
            yield cls(RunSummary(class_names, found_by), sinks, files)

    @property
    def closed(self):
        """Whether someone pressed q in a window."""
        return any(getattr(sink, "closed", False) for sink in self._sinks)

    def write(self, frame, faces):
        """Hand on a Frame and its list of Faces, the largest first."""
        for sink in self._sinks:
            sink.write(frame, faces)

    def print_summary(self, title):
        """Print what was found, and the files that were written."""
        console = Console()
        console.print(self._summary.table(title=title))
        for what, path in self._files.items():
            if path:
                console.print(f"{what}: {path}", soft_wrap=True, highlight=False)
