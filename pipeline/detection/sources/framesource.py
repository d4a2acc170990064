"""Where frames come from."""

from pipeline.commandline import existing_file


def is_address(video):
    """Return whether it is a stream's address, and no file's path."""
    return "://" in video


def require_source(job):
    """Raise UserError if the path of a Job's pictures, or of its video file, leads nowhere.

    It is quick, as it imports nothing that decodes.
    """
    if job.pictures:
        if not job.source.is_dir():
            existing_file(job.source, "picture", "see samples/")
    elif isinstance(job.source, str) and not is_address(job.source):
        existing_file(job.source, "video file", "see samples/")


def open_source(job, skips, *, every):
    """Return the source of a Job's frames, which leaves to skips what it cannot read.

    every: take each N-th frame of the video. Raises UserError if it cannot be opened.
    """
    if job.pictures:
        from pipeline.detection.sources.picturesource import PictureSource

        return PictureSource(job.source, skips, leave_out=job.outputs)
    from pipeline.detection.sources.videosource import VideoSource

    return VideoSource(job.source, skips, every=every)
