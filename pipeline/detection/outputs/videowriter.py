"""Encodes pictures and sound into a video file."""

from fractions import Fraction
from io import FileIO

import av
import cv2
import numpy as np
from av.codec.context import Flags

from pipeline.detection.outputs.soundtrack import add_sound

TICK = Fraction(1, 90_000)  # seconds: what MPEG counts in

# FFmpeg's numbers for luma of 16 to 235, and for the matrix, primaries and transfer of BT.709.
LIMITED_RANGE, BT_709 = 1, 1

# From BGR to Y, Cb and Cr of BT.709: weights of blue, green and red, and what is added.
LUMA = np.array((0.0722, 0.7152, 0.2126))
TO_BT709 = np.array([(*(219 / 255 * LUMA), 16)] + [
    (*(112 / 255 * (np.eye(3)[channel] - LUMA) / (1 - LUMA[channel])), 128) for channel in (0, 2)])


class VideoWriter:
    """Encodes images, each at its own time, and the sound that comes with them.

    path: the file, which is created at the first image. video_format: a VideoFormat. rate: nominal
    frames a second. sound: the source's sound stream, or None. The first image fixes the size,
    rounded up to even numbers; other images are fitted into it. Raises av.FFmpegError or OSError.
    """

    def __init__(self, path, video_format, *, rate, sound):
        self._path = path
        self._format = video_format
        self._rate = nominal(rate)
        # An .avi has frames at a fixed rate, and empty ones between them.
        self._time_base = 1 / self._rate if video_format.container == "avi" else TICK
        self._source_sound = sound
        self._container = None
        self._waiting = None  # the newest frame: the next one ends it
        self._length = round(1 / self._rate / self._time_base)  # of the frame before it

    def write(self, image, seconds, sound):
        """Append an image (height, width, 3) uint8 BGR, and the SoundPackets before it."""
        if self._container is None:
            self._open(image)
        self._append(sound)
        frame = self._frame(image)
        frame.pts = round(seconds / self._time_base)
        if self._waiting is not None:
            frame.pts = max(frame.pts, self._waiting.pts + 1)
            self._length = frame.pts - self._waiting.pts
            self._encode_waiting()
        self._waiting = frame

    def close(self, *, end=None, rest=()):
        """Complete the file.

        end: the time at which the last image ends, seconds; by default it lasts as long as the
        one before. rest: the SoundPackets after it.
        """
        if self._container is None:
            return
        try:
            self._append(rest)
            if self._sound is not None:
                self._sound.close()
            if end is not None:
                self._length = max(1, round(end / self._time_base) - self._waiting.pts)
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
        self._is_bt709 = self._format.pixels == "yuv420p"  # pictures in JPEG's way have no tags
        if self._is_bt709:
            tag_as_bt709(codec)
        self._sound = add_sound(self._container, self._format, self._source_sound)

    def _frame(self, image):
        image = fitted(image, self._size)
        if self._is_bt709:
            frame = av.VideoFrame.from_ndarray(bt709_of(image), format="yuv420p")
            tag_as_bt709(frame)
        else:
            yuv = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
            frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.time_base = self._time_base
        return frame

    def _append(self, sound):
        for piece in sound if self._sound is not None else ():
            self._sound.write(piece)

    def _encode_waiting(self):
        self._waiting.duration = self._length
        self._container.mux(self._video.encode(self._waiting))
        self._require_room()

    def _require_room(self):
        if self._file.failure:
            raise self._file.failure


def tag_as_bt709(target):
    """Say on a codec context or a frame that its colors are BT.709's."""
    target.color_range, target.colorspace = LIMITED_RANGE, BT_709
    target.color_primaries = target.color_trc = BT_709


def bt709_of(image):
    """Return a BGR image (height, width, 3) as I420, (height * 3 / 2, width) uint8.

    It takes a quarter of the time of FFmpeg's conversion.
    """
    height, width = image.shape[:2]
    luma, *chroma = cv2.split(cv2.transform(image, TO_BT709))
    chroma = [cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
              for plane in chroma]
    return np.concatenate([plane.ravel() for plane in (luma, *chroma)]).reshape(-1, width)


def fitted(image, size):
    """Return an image (height, width, 3) in the middle of one of this width and height.

    A missing pixel repeats the border; a larger gap is black.
    """
    height, width = image.shape[:2]
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
    """A new binary file for FFmpeg, which does not report a full disk.

    failure: the first OSError, after which nothing more is written, or None.
    """

    failure = None

    def write(self, data):
        rest = memoryview(data)
        try:
            while rest and self.failure is None:
                rest = rest[super().write(rest):]
        except OSError as error:
            self.failure = error
        return len(data)
