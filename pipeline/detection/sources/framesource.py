"""Where frames come from."""

from pipeline.commandline import existing_file


def require_source(pictures, video):
    """Raise UserError if the path of pictures, or of a video file, leads nowhere.

    It is quick, as it imports nothing that decodes.
    """
    if video and "://" not in video:
        existing_file(video, "video file", "see samples/")
    if pictures and not pictures.is_dir():
        existing_file(pictures, "picture", "see samples/")


def open_source(job, skips, *, every):
    """Return the source of a Job's frames, which leaves to skips what it cannot read.

    every: take each N-th frame of the video. Raises UserError if it cannot be opened.
    """
    if job.pictures:
        from pipeline.detection.sources.picturesource import PictureSource

        return PictureSource(job.source, skips, leave_out=job.annotated)
    from pipeline.detection.sources.videosource import VideoSource

    return VideoSource(job.source, skips, every=every)
