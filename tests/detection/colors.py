"""Clips in the color spaces of phones and cameras, made from the sample."""

from fractions import Fraction

import av
import numpy as np

BT709_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114],
                            [0.0164, 0.0880, 0.8956]])
BT709, BT2020 = 1, 9  # FFmpeg's numbers of primaries and matrix
CODES = {"bt709": 1, "bt2020-10": 14, "pq": 16, "hlg": 18}  # of transfer characteristics
LUMA = {BT709: (0.2126, 0.0722), BT2020: (0.2627, 0.0593)}  # weights of red and blue
PQ_WHITE, HLG_WHITE = 203 / 10_000, 0.265  # of a standard picture (ITU-R BT.2408)


def signal_of(light, transfer):
    """Return the signal, 0-1, of linear light, 1 being the white of a standard picture."""
    if transfer == "hlg":
        light = light * HLG_WHITE
        return np.where(light <= 1 / 12, np.sqrt(3 * light), 0.17883277 * np.log(
            np.maximum(12 * light - 0.28466892, 1e-6)) + 0.55991073)
    if transfer == "pq":
        power = (light * PQ_WHITE) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    return np.where(light < 0.018, 4.5 * light, 1.099 * light ** 0.45 - 0.099)


def light_of(signal, transfer):
    """Return the light of a standard picture: HDR is made from what its display shows."""
    if transfer in ("hlg", "pq"):
        return np.where(signal < 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45))


def planes_of(rgb, transfer, primaries, full, bits, halved_rows):
    light = light_of(rgb / 255, transfer)
    if primaries == BT2020:
        light = np.clip(light @ BT709_TO_BT2020.T, 0, 1)
    signal = signal_of(light, transfer)
    red, blue = LUMA[primaries]
    y = signal @ np.array([red, 1 - red - blue, blue])
    unit = 2 ** (bits - 8)
    luma = y * 255 * unit if full else (16 + 219 * y) * unit
    planes = [luma]
    for channel, weight in ((2, blue), (0, red)):
        chroma = (signal[..., channel] - y) / (2 * (1 - weight))
        height, width = chroma.shape
        chroma = chroma.reshape(height, width // 2, 2).mean(2)
        if halved_rows:
            chroma = chroma.reshape(height // 2, 2, width // 2).mean(1)
        planes.append((128 + (255 if full else 224) * chroma) * unit)
    return [np.clip(np.rint(plane), 0, 2**bits - 1) for plane in planes]


def write_colors(path, images, *, transfer="bt709", primaries=BT709, full=False,
                 pixels="yuv420p10le", codec="libx265"):
    """Write a clip of RGB images whose file says these colors; return path."""
    options = {"crf": "15", "preset": "ultrafast"}
    if codec == "libx265":
        options["x265-params"] = "log-level=none"
    bits = 10 if "10" in pixels else 8
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=20, options=options)
        video.height, video.width = images[0].shape[:2]
        video.pix_fmt = pixels
        codec = video.codec_context
        codec.color_trc, codec.color_primaries = CODES[transfer], primaries
        codec.colorspace, codec.color_range = primaries, 2 if full else 1
        for number, image in enumerate(images):
            frame = av.VideoFrame(video.width, video.height, pixels)
            planes = planes_of(image, transfer, primaries, full, bits, "420" in pixels)
            for plane, values in zip(frame.planes, planes):
                kind = np.dtype("<u2" if bits > 8 else "u1")
                padded = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
                padded[:, :plane.width] = values
                plane.update(padded.tobytes())
            frame.color_trc, frame.color_primaries = CODES[transfer], primaries
            frame.colorspace, frame.color_range = primaries, 2 if full else 1
            frame.pts, frame.time_base = number, Fraction(1, 20)
            output.mux(video.encode(frame))
        output.mux(video.encode())
    return path
