"""Everything that a run of the detector writes and shows.

Modules that draw are imported where they are needed: a run with a table alone starts sooner.
"""

from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.text import Text

from pipeline.detection.outputs.emotiontable import EmotionTable
from pipeline.detection.outputs.formats import copy_paths, require_suffix, sidecar_of
from pipeline.files.places import locked_output, require_apart
from pipeline.files.wholefile import whole_file
from pipeline.process.terminal import printable


@contextmanager
def open_sinks(job, summary, skips, stop, display):
    """Yield what takes each frame of a Job, with write(frame, faces), in order.

    The files are complete when the block ends. stop, display: as in run_job. Raises UserError if a
    file or a window cannot be opened.
    """
    source = summary.source
    if source.pictures:
        copies = copy_paths(job.annotated, source.names).values() if job.annotated else ()
        require_apart(source.paths, [
            *copies, *(path for path in job.outputs if path != job.annotated)])
    with ExitStack() as stack:
        for path in job.outputs:
            stack.enter_context(locked_output(path))
        sinks = [summary.statistics, *map(stack.enter_context, _files(job, summary))]
        if job.annotated or display:  # it draws before the next ones show and write
            from pipeline.detection.outputs.drawing import Annotator

            sinks.append(Annotator(summary.class_names, with_time=not source.pictures))
        if display:
            sinks.append(stack.enter_context(display(
                summary.class_names, live=source.live, pictures=source.pictures, stop=stop)))
        if job.annotated and source.pictures:
            from pipeline.detection.outputs.annotatedpictures import AnnotatedPictures

            sinks.append(AnnotatedPictures(job.annotated, source.names, skips))
        elif job.annotated:
            from pipeline.detection.outputs.annotatedvideo import AnnotatedVideo

            sinks.append(stack.enter_context(AnnotatedVideo.create(job.annotated, source)))
        yield sinks


def print_summary(job, summary):
    """Print what was found, and the names of the files."""
    console = Console()
    console.print(summary.table())
    for what, path in (
            ("annotated", job.annotated), ("emotions by face and frame", job.csv),
            ("what the table holds", sidecar_of(job.csv)), ("timeline", job.timeline),
            ("page", job.page)):
        if path:
            console.print(Text(f"{what}: {printable(path)}"), soft_wrap=True)


def _files(job, summary):
    """Yield the contexts of the sinks that take the frames without the drawing."""
    if job.csv:
        yield EmotionTable.create(job.csv, summary)
    if job.timeline:
        from pipeline.detection.outputs.timeline import Timeline

        require_suffix(job.timeline, (".png", ".pdf", ".svg"), "timeline")
        yield saved_at_the_end(Timeline(summary), job.timeline, summary)
    if job.page:
        from pipeline.detection.outputs.pages import GalleryPage, VideoPage

        require_suffix(job.page, (".html", ".htm"), "page")
        page = GalleryPage if summary.source.pictures else VideoPage
        yield saved_at_the_end(page(job, summary), job.page, summary)


@contextmanager
def saved_at_the_end(sink, path, summary):
    """Yield a sink that is saved to `path` however the block ends, if there was a frame."""
    try:
        yield sink
    finally:
        if summary.statistics.frames:
            with whole_file(path) as partial:
                sink.save(partial)
