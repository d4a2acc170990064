"""The formats of annotated videos, by the suffix of the file."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VideoFormat:
    """A container of FFmpeg's, what goes into it, and how.

    codec, pixels, options: of the picture. copied: codecs of sound that go into it as they are,
    None for every one that FFmpeg puts there; sound_codec: the one that others become. growing:
    options with which what is written can be read at any time. indexed: those that put the index
    in front, or None where it has its place. before_0: whether sound may begin before the picture,
    as decoders need it.
    """

    container: str
    codec: str
    options: dict
    copied: frozenset | None
    sound_codec: str
    growing: dict = field(default_factory=dict)
    indexed: dict | None = None
    pixels: str = "yuv420p"
    before_0: bool = False


# Measured on a clip of 596 x 336: half the bytes of "ultrafast" for 1.3 ms of CPU a frame more;
# "veryfast" takes 2 ms more again for a quarter of the bytes. A key frame, at which a player can
# begin and a fragment ends, at least every 60. No B-frames: each has its time from the start.
H264 = {"preset": "superfast", "crf": "23", "g": "60", "bf": "0"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "32", "b": "0", "g": "60"}
JPEG = {"qmin": "2", "qmax": "4"}

FRAGMENTS = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
FAST_START = {"movflags": "faststart"}
CUES_IN_FRONT = {"cues_to_front": "1"}

MP4_SOUND = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
MOV_SOUND = frozenset({"aac", "ac3", "alac", "eac3", "mp3", "pcm_s16le", "pcm_s16be", "pcm_s24le"})
WEBM_SOUND = frozenset({"opus", "vorbis"})
AVI_SOUND = frozenset()  # it has no times for sound: what is encoded here has silence in gaps

MATROSKA = VideoFormat("matroska", "libx264", H264, None, "aac", indexed=CUES_IN_FRONT)

FORMATS = {
    ".mp4": VideoFormat("mp4", "libx264", H264, MP4_SOUND, "aac", FRAGMENTS, FAST_START,
                        before_0=True),
    ".mov": VideoFormat("mov", "libx264", H264, MOV_SOUND, "aac", FRAGMENTS, FAST_START,
                        before_0=True),
    ".mkv": MATROSKA,
    ".webm": VideoFormat("webm", "libvpx-vp9", VP9, WEBM_SOUND, "libopus", indexed=CUES_IN_FRONT),
    ".avi": VideoFormat("avi", "mjpeg", JPEG, AVI_SOUND, "pcm_s16le", pixels="yuvj420p"),
}
