"""Puts a source's sound into a video."""

from fractions import Fraction
from math import inf

import av
import numpy as np
from av import Packet
from av.bitstream import BitStreamFilterContext

LONGEST_GAP = 0.1  # seconds; a longer gap in encoded sound becomes silence
LONGEST_SILENCE = 600  # seconds; a longer gap is an error in the file, and would fill the disk
USUAL_RATE = 48000  # samples a second, if the codec does not take the source's rate


def add_sound(container, video_format, sound, first):
    """Return a CopiedSound or EncodedSound of a source's stream for an open container, or None.

    first: the first SoundPackets; the file's header may need them.
    """
    if sound is None or sound.codec_context is None or not sound.codec_context.sample_rate:
        return None
    codec = sound.codec_context.codec.canonical_name
    if video_format.copied is None or codec in video_format.copied:
        try:
            if codec != "aac" or sound.codec_context.extradata:
                return CopiedSound(container, sound, before_0=video_format.before_0)
            if first:
                return CopiedSound(container, sound, before_0=video_format.before_0,
                                   without_headers=first[0].packet)
        except ValueError:  # this container does not take the codec
            pass
    return EncodedSound(container, video_format.sound_codec, sound)


class CopiedSound:
    """Sound that is copied as it is.

    without_headers: the first packet of broadcast AAC, where each packet has a header; the file's
    only header is made from it.
    """

    def __init__(self, container, sound, *, before_0, without_headers=None):
        self._container = container
        self._filter = None
        self._stream = container.add_stream_from_template(sound)
        if without_headers is not None:
            self._filter = BitStreamFilterContext("aac_adtstoasc", sound)
            # The filter empties its packet, and a .mkv would list its streams again at a packet
            # with a new header: so it gets a copy, and its header goes into the file's.
            packet, = self._filter.filter(Packet(bytes(without_headers)))
            self._stream.codec_context.extradata = bytes(packet.get_sidedata("new_extradata"))
        self._last = None
        # Sound before 0 only prepares the decoder. Some containers would move the picture by it.
        self._from = -inf if before_0 else 0.0

    def write(self, packets):
        """Append SoundPackets."""
        for piece in packets:
            time_base = piece.packet.time_base
            time = round(piece.seconds / time_base)
            if piece.seconds < self._from or (self._last is not None and time <= self._last):
                continue
            self._last = time
            for packet in self._filtered(piece.packet):
                packet.pts, packet.dts, packet.time_base = time, time, time_base
                packet.stream = self._stream
                self._container.mux(packet)

    def close(self):
        """Do nothing: no packet waits."""

    def _filtered(self, packet):
        try:
            return self._filter.filter(packet) if self._filter else [packet]
        except av.FFmpegError:
            return []  # damaged sound is silent


class EncodedSound:
    """Sound in another codec, mono or stereo, for a container that does not take its own."""

    def __init__(self, container, codec, sound):
        rate, known = sound.codec_context.sample_rate, av.codec.Codec(codec, "w").audio_rates
        rate = rate if known is None or rate in known else USUAL_RATE
        layout = "mono" if sound.codec_context.channels == 1 else "stereo"
        self._container = container
        self._stream = container.add_stream(codec, rate=rate, layout=layout)
        self._kind = None  # format, layout and rate of the source's frames
        self._resampler = None
        self._samples = 0  # written so far

    def write(self, packets):
        """Append SoundPackets."""
        for piece in packets:
            try:
                frames = piece.packet.decode()
            except av.FFmpegError:
                continue  # damaged sound is silent
            for frame in frames:
                self._append(frame, piece.seconds + seconds_between(piece.packet, frame))

    def close(self):
        """Append the waiting samples."""
        if self._resampler is not None:
            self._encode(self._resampler.resample(None))
            self._container.mux(self._stream.encode(None))

    def _append(self, frame, seconds):
        early = round(-seconds * frame.sample_rate)
        if early >= frame.samples:
            return
        if early > 0:  # heard before the picture begins
            frame, seconds = without_start(frame, early), 0.0
        codec = self._stream.codec_context
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        changed = kind != self._kind  # a broadcast may change it at any time
        if changed:
            self._kind, self._resampler = kind, self._new_resampler()
        place = round(seconds * codec.sample_rate)
        gap = place - self._samples
        if changed or gap > LONGEST_GAP * codec.sample_rate:
            if codec.frame_size or gap > LONGEST_SILENCE * codec.sample_rate:
                self._samples = max(place, self._samples)
            self._fill_up_to(place)
        frame.pts = None
        self._encode(self._resampler.resample(frame))

    def _new_resampler(self):
        codec = self._stream.codec_context
        if not codec.is_open:  # writing a picture opens it too
            codec.open()
        return av.AudioResampler(format=codec.format, layout=codec.layout, rate=codec.sample_rate,
                                 frame_size=codec.frame_size or None)

    def _fill_up_to(self, place):
        """Append silence: an .avi, which has PCM, would close a gap."""
        codec = self._stream.codec_context
        while self._samples < place:
            silence = av.AudioFrame(codec.format.name, codec.layout.name,
                                    min(place - self._samples, codec.sample_rate))
            silence.sample_rate = codec.sample_rate
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            self._encode([silence])

    def _encode(self, frames):
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
            self._samples += frame.samples
            self._container.mux(self._stream.encode(frame))


def seconds_between(packet, frame):
    """Return the seconds from a packet's start to that of its decoded frame.

    Samples that only prepare the decoder are not in the frame.
    """
    if frame.pts is None or packet.pts is None:
        return 0.0
    return float(frame.pts * frame.time_base - packet.pts * packet.time_base)


def without_start(frame, samples):
    """Return an av.AudioFrame without its first samples."""
    values = samples if frame.format.is_planar else samples * frame.layout.nb_channels
    rest = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(frame.to_ndarray()[:, values:]), frame.format.name, frame.layout.name)
    rest.sample_rate = frame.sample_rate
    return rest
