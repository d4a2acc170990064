"""Small clips of all kinds, made from the sample video."""

from fractions import Fraction
from functools import cache

import av
import numpy as np

from tests.conftest import SAMPLE_VIDEO

TICK = Fraction(1, 90_000)
TONE = 440  # Hz, for the first half of each second


@cache
def sample_images():
    """Return the sample's 120 frames, (240, 432, 3) uint8 RGB, for reading alone."""
    with av.open(str(SAMPLE_VIDEO)) as container:
        images = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for image in images:
        image.setflags(write=False)
    return images


def at_rate(count, rate=20):
    return [number / rate for number in range(count)]


def write_clip(path, times, images=None, *, codec="libx264", pixels="yuv420p", time_base=TICK,
               rate=20, sound=0, sound_codec="aac", sound_rate=44100, starts=0, delay=0,
               aspect=None, display=None, options=None, container=None):
    """Write a clip of images (RGB) shown at `times`, and `sound` seconds of a tone; return path.

    starts: what its clock shows at the first frame, seconds. delay: of the sound. display: how it
    is to be shown, the arguments of PyAV's set_display_rotation.
    """
    images = sample_images() if images is None else images
    with av.open(str(path), "w", options=container or {}) as output:
        video = output.add_stream(codec, rate=rate, options=options or {})
        video.height, video.width = images[0].shape[:2]
        video.pix_fmt = pixels
        video.codec_context.time_base = time_base
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if display:
            video.set_display_rotation(*display)
        audio = output.add_stream(sound_codec, rate=sound_rate) if sound else None
        full = pixels.startswith(("yuvj", "bgr", "gray"))  # luma of 0 to 255, not 16 to 235
        for seconds, image in zip(times, images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
                format=pixels, dst_color_range="JPEG" if full else "MPEG")
            frame.pts, frame.time_base = round((seconds + starts) / time_base), time_base
            output.mux(video.encode(frame))
        output.mux(video.encode())
        if audio:
            write_tone(output, audio, sound, sound_rate, starts + delay)
    return path


def write_tone(output, stream, seconds, rate, starts):
    time = np.arange(int(seconds * rate)) / rate
    wave = (6000 * np.sin(2 * np.pi * TONE * time) * (time % 1 < 0.5)).astype(np.int16)
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=rate)
    for start in range(0, len(wave), 1024):
        piece = np.ascontiguousarray(wave[np.newaxis, start:start + 1024])
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = start + round(starts * rate)
        for resampled in resampler.resample(frame):
            output.mux(stream.encode(resampled))
    output.mux(stream.encode())


def times_of(path):
    """Return the seconds of a video's frames."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def loud_spans(path):
    """Return when a video's tone is heard: [(from, to), ...] in seconds."""
    level, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(float))
            samples = samples.reshape(-1, frame.samples) if frame.format.is_planar else \
                samples.reshape(frame.samples, -1).T
            level.append(samples.max(axis=0))
            times.append(frame.time + np.arange(frame.samples) / frame.sample_rate)
    level, times = np.concatenate(level), np.concatenate(times)
    heard = times[level > 0.3 * level.max()]
    breaks = np.flatnonzero(np.diff(heard) > 0.1)
    return list(zip(heard[[0, *(breaks + 1)]], heard[[*breaks, -1]]))
