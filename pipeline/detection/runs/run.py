"""Takes the frames of sources through the analysis to the outputs."""

import time
from contextlib import closing, suppress
from itertools import islice

from pipeline.detection.outputs.outputs import open_sinks, print_summary
from pipeline.detection.outputs.runsummary import RunSummary
from pipeline.detection.sources.framesource import open_source, require_video
from pipeline.errors import UserError
from pipeline.files.folder import Skips
from pipeline.process.terminal import notice, printable, track_frames

MOST_FACES = 6  # in a line


def run_jobs(jobs, analyzer, stop, skips, *, skip_existing=False, **options):
    """Run Jobs one after the other until a stop is requested; one that fails costs only itself.

    skips: Skips of what was left out before. options: those of run_job. Returns the exit status: 0
    if all is well, 1 if not all is, 2 if nothing could be done; with one job that is a UserError.
    """
    stop.patient = True
    statuses, left_out = [], 0
    for job in jobs:
        if skip_existing and job.is_complete:
            left_out += 1
            continue
        try:
            statuses.append(run_job(job, analyzer, stop, **options))
        except UserError as error:
            if len(jobs) == 1:
                raise
            notice(error)
            statuses.append(2)
        if stop.requested:
            break
    for index in {job.index for job in jobs if job.index}:
        from pipeline.detection.outputs.webpages import write_index

        write_index(index)
    failed = statuses.count(2)
    if len(jobs) > 1 or left_out:
        print(f"{len(statuses) - failed} of {len(jobs) - left_out} videos analysed, "
              f"{failed} failed, {left_out} left out with complete results")
    for suffix, number in skips.others.most_common():
        print(f"other files: {number} {printable(suffix)}")
    return 2 if failed == len(jobs) else int(any(statuses) or any(skips.counts))


def run_job(job, analyzer, stop, *, reading, max_frames=None, display=None):
    """Analyse a Job's frames, to the last one or until a stop is requested; print what was found.

    reading: a Reading. display: Windows, a function that makes a LivePage, or None. Returns the
    exit status: 0, or 1 if something was skipped or the run broke off. Raises UserError if no frame
    could be analysed.
    """
    skips = Skips()
    settings = {"every": reading.every, "start": reading.start, "end": reading.end,
                "max_frames": max_frames}
    require_video(job.source)
    with open_source(job, skips, stop, reading) as source:
        summary = RunSummary(source, analyzer, skips, settings)
        statistics = summary.statistics
        marks = [] if job.pictures or source.live else job.marks
        try:
            with (open_sinks(job, summary, skips, stop, display) as sinks,
                  closing(analyzer.analyze(islice(source, max_frames), stop,
                                           live=source.live)) as results):
                prints = source.live and not display
                for frame, faces in (print_each_second(results) if prints
                                     else track_frames(results, source, max_frames)):
                    if not statistics.frames:
                        for mark in marks:
                            mark.touch()
                    for sink in sinks:
                        sink.write(frame, faces)
                    if stop.requested:
                        break
            if statistics.frames and not stop.requested:
                for mark in marks:
                    mark.unlink(missing_ok=True)
        except UserError as error:
            if not statistics.frames:
                raise
            skips.add("outputs that broke off", str(error))
    if not statistics.frames and not stop.requested:
        raise UserError(f"{source.name}: nothing could be analysed")
    with suppress(OSError):  # a terminal that was closed, and SIGHUP with it
        print_summary(job, summary)
    return 1 if skips.counts else 0


def print_each_second(results):
    due = 0.0
    for frame, faces in results:
        now = time.monotonic()
        if now >= due:
            due = now + 1
            with suppress(OSError):  # nobody reads it
                print(line_of(frame, faces), flush=True)
        yield frame, faces


def line_of(frame, faces):
    """Return what is seen in a frame, such as 0:00:12.3  2 faces: 1 happy 87%, 2 neutral 60%."""
    from pipeline.detection.outputs.drawing import clock

    named = [f"{face.number} {face.emotion} {face.probabilities.max():.0%}"
             for face in faces[:MOST_FACES]]
    if len(faces) > MOST_FACES:
        named.append(f"{len(faces) - MOST_FACES} more")
    number = {0: "no face", 1: "1 face: "}.get(len(faces), f"{len(faces)} faces: ")
    return f"{clock(frame.seconds)}  {number}{', '.join(named)}"
