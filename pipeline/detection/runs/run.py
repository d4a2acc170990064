"""Takes the frames of a source through the analysis to the outputs."""

from contextlib import closing
from itertools import islice

from pipeline.detection.outputs.outputs import Outputs
from pipeline.detection.sources.framesource import open_source
from pipeline.errors import UserError
from pipeline.io.skips import Skips
from pipeline.progress import track_frames


def run_job(job, analyzer, stop, *, every, max_frames, display):
    """Analyse a Job's frames, to the last one or until a stop is requested; print what was found.

    Returns the exit status: 0, or 1 if something was skipped or the run broke off. Raises
    UserError if no frame could be analysed.
    """
    skips = Skips()
    outputs = None
    with open_source(job, skips, every=every) as source:
        try:
            with (Outputs.create(job, source, analyzer, skips, display=display) as outputs,
                  closing(analyzer.analyze(islice(source, max_frames), stop)) as results):
                for frame, faces in track_frames(results, source, max_frames):
                    outputs.write(frame, faces)
                    if stop.requested or outputs.closed:
                        break
        except UserError as error:
            if outputs is None or not outputs.frames:
                raise
            skips.add("outputs that broke off", str(error))
    if not outputs.frames and not stop.requested:
        raise UserError(f"{source.name}: nothing could be analysed")
    outputs.print_summary(source.name)
    return 1 if skips.counts else 0
