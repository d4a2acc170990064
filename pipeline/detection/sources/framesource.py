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


def open_source(pictures, video, *, every):
    """Return the source of pictures if their path is given, else of the video.

    every: take each N-th frame of the video. Raises UserError if it cannot be read.
    """
    from pipeline.detection.sources.picturesource import PictureSource
    from pipeline.detection.sources.videosource import VideoSource

    return PictureSource(pictures) if pictures else VideoSource(video, every=every)
