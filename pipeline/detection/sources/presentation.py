"""How the frames of a video are to be shown."""

from functools import cached_property

import numpy as np
from av.sidedata.sidedata import Type

from pipeline.detection.sources.framememory import require_memory
from pipeline.detection.sources.opening import aspect


class Presentation:
    """Tells the aspect and the rotation of a stream's frames, which may change in the middle.

    video: the stream. name: of the video, for errors.
    """

    def __init__(self, video, name):
        self._video = video
        self._name = name
        self._shape = None  # of the frame before: width, height, aspect, pixel format
        self._matrices = {}  # by rotation

    def of(self, decoded):
        """Return the aspect and the display matrix of an av.VideoFrame, as DecodedFrame takes them.

        Raises UserError if it would take too much memory.
        """
        ratio = self._aspect()
        shape = decoded.width, decoded.height, ratio, decoded.format.name
        if shape != self._shape:
            require_memory(self._name, *shape)
            self._shape = shape
        return ratio, self._matrix(decoded)

    def _aspect(self):
        """Return a pixel's width over its height: the container's, until the codec's changes."""
        if self._coded_aspect == self._first_coded_aspect:
            return aspect(self._video.sample_aspect_ratio)
        return aspect(self._coded_aspect)

    @property
    def _coded_aspect(self):
        return self._video.codec_context.sample_aspect_ratio

    @cached_property
    def _first_coded_aspect(self):
        """The codec's with the first frame."""
        return self._coded_aspect

    def _matrix(self, decoded):
        """Return a frame's display matrix, or None.

        One frame is asked for each rotation: who is asked for side data holds on to itself, and
        stays in the memory for long.
        """
        if decoded.rotation not in self._matrices:
            matrix = decoded.side_data.get(Type.DISPLAYMATRIX)
            self._matrices[decoded.rotation] = (
                None if matrix is None else np.frombuffer(bytes(matrix), dtype=np.int32))
        return self._matrices[decoded.rotation]
