"""Puts a source's sound into a video."""

from contextlib import suppress
from fractions import Fraction

import av

LONGEST_SILENCE = 600  # seconds; a longer gap is an error in the file, and would fill the disk
RATE = 48_000  # samples a second, which every codec takes


def add_sound(container, video_format, sound):
    """Return a CopiedSound or EncodedSound of a source's stream for an open container, or None."""
    codec = sound and sound.codec_context
    if not codec or not codec.sample_rate:
        return None
    name = codec.codec.canonical_name
    without_header = name == "aac" and not codec.extradata  # as it is broadcast
    if name in video_format.copied and not without_header:
        return CopiedSound(container, sound)
    return EncodedSound(container, video_format.sound_codec, sound)


class CopiedSound:
    """Sound that is copied as it is."""

    def __init__(self, container, sound):
        self._container = container
        self._stream = container.add_stream_from_template(sound)
        self._last = -1

    def write(self, packet, seconds):
        """Append a packet that is heard at `seconds`, but none before 0: it moves the picture."""
        time = round(seconds / packet.time_base)
        if time > self._last:
            self._last = packet.pts = packet.dts = time
            packet.stream = self._stream
            self._container.mux(packet)

    def close(self):
        """Do nothing: no packet waits."""


class EncodedSound:
    """Sound in another codec, mono or stereo, for a container that does not take its own."""

    def __init__(self, container, codec, sound):
        layout = "mono" if sound.codec_context.channels == 1 else "stereo"
        self._container = container
        self._stream = container.add_stream(codec, rate=RATE, layout=layout)
        self._kind = self._filter = None  # of the newest frame
        self._end = 0.0  # of what was encoded, seconds

    def write(self, packet, seconds):
        """Append a packet that is heard at `seconds`; a damaged one is silent."""
        frames = []
        with suppress(av.FFmpegError):
            frames = packet.decode()
        for frame in frames:
            # Samples that only prepare the decoder are not in the frame: it begins later.
            late = 0.0 if None in (frame.pts, packet.pts) else float(
                frame.pts * frame.time_base - packet.pts * packet.time_base)
            self._append(frame, seconds + late)

    def close(self):
        if self._filter is not None:
            self._encode(None)
            self._container.mux(self._stream.encode(None))

    def _append(self, frame, seconds):
        if seconds - self._end > LONGEST_SILENCE:
            return
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        if kind != self._kind:  # a broadcast may change it at any time
            if self._filter is not None:
                self._encode(None)
            self._kind, self._filter = kind, self._filter_for(*kind)
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = round(seconds * frame.sample_rate)
        self._encode(frame)

    def _filter_for(self, sample_format, layout, rate):
        """Return FFmpeg's filter that fills gaps of over 0.1 s with silence, from _end on."""
        codec = self._stream.codec_context
        graph = av.filter.Graph()
        source = graph.add_abuffer(sample_rate=rate, format=sample_format, layout=layout,
                                   time_base=Fraction(1, rate))
        resampler = graph.add(
            "aresample", osf=codec.format.name, ochl=codec.layout.name,
            osr=str(RATE), first_pts=str(round(self._end * rate)), **{"async": "1"})
        graph.link_nodes(source, resampler, graph.add("abuffersink")).configure()
        return graph

    def _encode(self, frame):
        """Pass a frame, or None for the last samples, through the filter to the container."""
        self._filter.push(frame)
        with suppress(av.BlockingIOError, av.EOFError):  # when it has no more samples
            while True:
                samples = self._filter.pull()
                self._end = samples.time + samples.samples / RATE
                self._container.mux(self._stream.encode(samples))
