"""Turns the command line's sources and outputs into the jobs of a run."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.commandline import existing_file, new_folder
from pipeline.detection.outputs import formats
from pipeline.detection.sources import framesource
from pipeline.errors import UserError
from pipeline.files.folder import files_by_name, matching
from pipeline.files.places import require_apart
from pipeline.files.wholefile import beside, place_of

VIDEO_SUFFIXES = (".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg",
                  ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv")

# The suffix of a video's result in a folder, by the video's.
SUFFIX_OF = {
    "annotated": lambda suffix: suffix if suffix in formats.VIDEO_FORMATS else ".mp4",
    "csv": lambda _: ".csv", "timeline": lambda _: ".png", "page": lambda _: ".html"}


@dataclass(frozen=True)
class Job:
    """A source and where its results go; None is what is not wanted."""

    source: int | str | tuple  # a camera's number, a video, or paths of pictures and folders
    pictures: bool = False
    annotated: Path | None = None
    csv: Path | None = None
    timeline: Path | None = None
    page: Path | None = None
    index: Path | None = None  # the list of all pages, if there are several

    @property
    def read(self):
        paths = self.source if self.pictures else [self.source]
        return ["/dev/stdin" if path == framesource.STANDARD_INPUT else path for path in paths
                if isinstance(path, str) and not framesource.is_address(path)]

    @property
    def outputs(self):
        """The paths of all wanted results, with the table's sidecar."""
        paths = (self.annotated, self.csv, formats.sidecar_of(self.csv), self.timeline, self.page)
        return [path for path in paths if path]

    @property
    def marks(self):
        """The hidden files that mark results which are in their places but incomplete."""
        places = filter(None, map(place_of, self.outputs))
        return [beside(place, f".{place.name}", ".unfinished") for place in places]

    @property
    def is_complete(self):
        return all(path.is_file() for path in self.outputs) and not any(
            mark.exists() for mark in self.marks)


def plan_jobs(*, camera, videos, pictures, skips, also_read, **outputs):
    """Return the Jobs of a run: one, or one for each of several videos.

    videos, pictures: lists of files and folders, or None; without both the camera is the source.
    skips: Skips of the files in folders that are no videos. also_read: other files that the run
    reads. outputs: annotated, csv, timeline and page, paths or None, for several videos of folders.
    Raises UserError if a source is missing, or an output would overwrite an input or another one.
    """
    outputs = {what: path for what, path in outputs.items() if path}
    if pictures:
        jobs = [_picture_job(matching(pictures), outputs)]
    elif not videos:
        jobs = [Job(camera, **{what: Path(path) for what, path in outputs.items()})]
    else:
        jobs = _video_jobs(list(map(framesource.local_path, matching(videos))), outputs, skips)
    jobs = [_with_video_for_page(job) for job in jobs]
    indexes = {job.index for job in jobs if job.index}
    require_apart([*(path for job in jobs for path in job.read), *also_read],
                  [*(path for job in jobs for path in job.outputs), *indexes])
    for index in indexes:
        from pipeline.detection.outputs.webpages import require_own_index

        require_own_index(index)
    return jobs


def _picture_job(pictures, outputs):
    if "timeline" in outputs:
        raise UserError("--timeline is for videos: pictures have no time; leave it out")
    several = len(pictures) > 1 or Path(pictures[0]).is_dir()
    if not several:
        existing_file(pictures[0], "picture", "see samples/")
    if "annotated" in outputs and (several or _is_folder(outputs["annotated"])):
        new_folder(Path(outputs["annotated"]))
    return Job(tuple(pictures), pictures=True,
               **{what: Path(path) for what, path in outputs.items()})


def _is_folder(path):
    return str(path).endswith(("/", os.sep)) or Path(path).is_dir()


def _video_jobs(videos, outputs, skips):
    """Return a Job for each video; the outputs of several are in folders."""
    several = len(videos) > 1 or Path(videos[0]).is_dir()
    if not several:  # in a run of several a missing one fails alone
        framesource.require_video(videos[0])
    found = files_by_name(videos, VIDEO_SUFFIXES, "video", skips, outputs.values())
    jobs = {name: {"source": path} for name, path in found.items()}
    for what, path in outputs.items():
        if not several and not _is_folder(path):
            jobs[next(iter(jobs))][what] = Path(path)
            continue
        for name, result in formats.result_names(found, SUFFIX_OF[what]).items():
            jobs[name][what] = Path(path) / result
            new_folder(jobs[name][what].parent)
            if what == "page":
                jobs[name]["index"] = Path(path) / "index.html"
    return [Job(**job) for job in jobs.values()]


def _with_video_for_page(job):
    """Return a Job whose page has an annotated video to play, beside it if not elsewhere."""
    if not job.page or job.pictures:
        return job
    if not job.annotated:
        return replace(job, annotated=job.page.with_name(f"{job.page.stem}_annotated.mp4"))
    if job.annotated.suffix.lower() not in formats.PLAYED_IN_PAGES:
        raise UserError(f"{job.annotated}: browsers do not play it in a page; expected "
                        + ", ".join(formats.PLAYED_IN_PAGES))
    return job
