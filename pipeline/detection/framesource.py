"""Where frames come from."""

from pipeline.detection.picturesource import PictureSource
from pipeline.detection.videosource import VideoSource


def open_source(pictures, video, *, every):
    """Return the source of pictures if their path is given, else of the video.

    every: take each N-th frame of the video. Raises UserError if there is no such source.
    """
    return PictureSource(pictures) if pictures else VideoSource(video, every=every)
