"""Encodes pictures and sound into a video file."""

from fractions import Fraction
from io import FileIO

import av
import cv2
import numpy as np
from av.codec.context import Flags

from pipeline.detection.outputs.soundtrack import add_sound

TICK = Fraction(1, 90_000)  # seconds: what MPEG counts in

LIMITED_RANGE, BT_709 = 1, 1  # FFmpeg's numbers: luma of 16 to 235; matrix, primaries, transfer

# From BGR to Y, Cb and Cr of BT.709: weights of blue, green and red, and what is added.
LUMA = np.array((0.0722, 0.7152, 0.2126))
TO_BT709 = np.array([(*(219 / 255 * LUMA), 16)] + [
    (*(112 / 255 * (np.eye(3)[channel] - LUMA) / (1 - LUMA[channel])), 128) for channel in (0, 2)])


class VideoWriter:
    """Encodes the images of a source's frames, each at its own time, and the source's sound.

    path: the file, which the first frame creates. Its image fixes the size, rounded up to even
    numbers. Raises av.FFmpegError or OSError.
    """

    def __init__(self, path, video_format, source):
        self._path, self._format, self._source = path, video_format, source
        self._rate = nominal(source.rate)
        # An .avi has frames at a fixed rate, and empty ones between them.
        self._time_base = 1 / self._rate if video_format.container == "avi" else TICK
        self._container = None
        self._waiting = None  # the newest frame: the next one ends it
        self._length = round(1 / self._rate / self._time_base)  # of the frame before it

    def write(self, frame):
        """Append a Frame, and the sound before it."""
        if self._container is None:
            self._open(frame.image)
        self._append(frame.sound)
        image = self._encodable(frame.image)
        image.pts = round((frame.seconds - self._source.start) / self._time_base)
        if self._waiting is not None:
            image.pts = max(image.pts, self._waiting.pts + 1)
            self._length = image.pts - self._waiting.pts
            self._encode_waiting()
        self._waiting = image

    def close(self):
        """Complete the file; the last image lasts to the source's end, or as the one before."""
        if self._container is None:
            return
        try:
            self._append(self._source.rest)
            if self._sound is not None:
                self._sound.close()
            if self._source.end is not None:
                end = round(self._source.end / self._time_base)
                self._length = max(1, end - self._waiting.pts)
            self._encode_waiting()
            self._container.mux(self._video.encode(None))
        finally:
            self._container.close()
            self._file.close()
        self._require_room()

    def _open(self, image):
        self._file = WatchedFile(self._path, "wb")
        self._container = av.open(self._file, "w", format=self._format.container,
                                  options=self._format.growing)
        self._size = tuple(side + side % 2 for side in image.shape[1::-1])
        self._video = self._container.add_stream(
            self._format.codec, rate=self._rate, options=self._format.options)
        self._video.width, self._video.height = self._size
        self._video.pix_fmt = self._format.pixels
        codec = self._video.codec_context
        codec.time_base = self._time_base
        codec.flags |= Flags.frame_duration
        codec.sample_aspect_ratio = Fraction(1)
        if self._format.pixels == "yuv420p":  # JPEG has no tags of colors
            codec.color_range, codec.colorspace = LIMITED_RANGE, BT_709
            codec.color_primaries = codec.color_trc = BT_709
        self._sound = add_sound(self._container, self._format, self._source.sound)

    def _encodable(self, image):
        image = fitted(image, self._size)
        planes = (bt709_of(image) if self._format.pixels == "yuv420p"
                  else cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420))
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.time_base = self._time_base
        return frame

    def _append(self, sound):
        for piece in sound if self._sound is not None else ():
            self._sound.write(piece.packet, piece.seconds - self._source.start)

    def _encode_waiting(self):
        self._waiting.duration = self._length
        self._container.mux(self._video.encode(self._waiting))
        self._require_room()

    def _require_room(self):
        if self._file.failure:
            raise self._file.failure


def bt709_of(image):
    """Return a BGR image as I420, (height * 3 / 2, width) uint8, four times as fast as FFmpeg."""
    height, width = image.shape[:2]
    luma, *chroma = cv2.split(cv2.transform(image, TO_BT709))
    chroma = [cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
              for plane in chroma]
    return np.concatenate([plane.ravel() for plane in (luma, *chroma)]).reshape(-1, width)


def fitted(image, size):
    """Return an image centered in one of (width, height), with black where it does not reach."""
    height, width = image.shape[:2]
    # A single missing pixel repeats the border.
    if not (0 <= size[0] - width <= 1 and 0 <= size[1] - height <= 1):
        scale = min(size[0] / width, size[1] / height)
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    right, bottom = size[0] - width, size[1] - height
    border = cv2.BORDER_REPLICATE if max(right, bottom) <= 1 else cv2.BORDER_CONSTANT
    return cv2.copyMakeBorder(image, bottom // 2, bottom - bottom // 2, right // 2,
                              right - right // 2, border)


def nominal(rate):
    """Return a rate as a fraction above 0 that every container can write."""
    return max(Fraction(rate).limit_denominator(1001), Fraction(1, 1001))


class WatchedFile(FileIO):
    """A new binary file for FFmpeg, which does not report a full disk."""

    failure = None  # the first OSError, after which nothing more is written

    def write(self, data):
        rest = memoryview(data)
        try:
            while rest and self.failure is None:
                rest = rest[super().write(rest):]
        except OSError as error:
            self.failure = error
        return len(data)
