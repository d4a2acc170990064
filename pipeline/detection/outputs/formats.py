"""The formats of results by their suffixes, and the names of results."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath

from pipeline.files.wholefile import place_of


@dataclass(frozen=True)
class VideoFormat:
    """A container of FFmpeg's with its codecs and options.

    codec, options, pixels: of the picture. copied: codecs of sound that are copied; other sound
    becomes sound_codec. growing: options with which the file can be read while it grows. indexed:
    options that put the index in front, or None where it has a fixed place.
    """

    container: str
    codec: str
    options: dict
    copied: frozenset
    sound_codec: str
    growing: dict = field(default_factory=dict)
    indexed: dict | None = None
    pixels: str = "yuv420p"


# Measured on a clip of 596 x 336: "superfast" writes half the bytes of "ultrafast" for 1.3 ms of
# CPU a frame more; "veryfast" takes 2 ms more again and saves a quarter. Players start and
# fragments end at key frames, so one comes at least every 60 frames. No B-frames: each frame gets
# its time when it is encoded.
H264 = {"preset": "superfast", "crf": "23", "g": "60", "bf": "0"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "32", "b": "0", "g": "60"}
JPEG = {"qmin": "2", "qmax": "4"}

FRAGMENTS = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
FAST_START = {"movflags": "faststart"}
CUES_IN_FRONT = {"cues_to_front": "1"}

MP4_SOUND = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
MOV_SOUND = frozenset({"aac", "ac3", "alac", "eac3", "mp3", "pcm_s16le", "pcm_s16be", "pcm_s24le"})
MKV_SOUND = MP4_SOUND | MOV_SOUND | {"dts", "mp2", "vorbis"}
WEBM_SOUND = frozenset({"opus", "vorbis"})
AVI_SOUND = frozenset()  # it stores no times of sound, so sound is encoded, with silence in gaps

MATROSKA = VideoFormat("matroska", "libx264", H264, MKV_SOUND, "aac", indexed=CUES_IN_FRONT)

VIDEO_FORMATS = {
    ".mp4": VideoFormat("mp4", "libx264", H264, MP4_SOUND, "aac", FRAGMENTS, FAST_START),
    ".mov": VideoFormat("mov", "libx264", H264, MOV_SOUND, "aac", FRAGMENTS, FAST_START),
    ".mkv": MATROSKA,
    ".webm": VideoFormat("webm", "libvpx-vp9", VP9, WEBM_SOUND, "libopus", indexed=CUES_IN_FRONT),
    ".avi": VideoFormat("avi", "mjpeg", JPEG, AVI_SOUND, "pcm_s16le", pixels="yuvj420p"),
}

# Pillow's names of the picture formats that have colors.
PICTURE_FORMATS = {
    ".apng": "PNG", ".avif": "AVIF", ".bmp": "BMP", ".dib": "DIB", ".gif": "GIF",
    ".j2k": "JPEG2000", ".jfif": "JPEG", ".jp2": "JPEG2000", ".jpe": "JPEG", ".jpeg": "JPEG",
    ".jpg": "JPEG", ".mpo": "JPEG", ".png": "PNG", ".pnm": "PPM", ".ppm": "PPM", ".tif": "TIFF",
    ".tiff": "TIFF", ".webp": "WEBP",
}


STANDARD_OUTPUT = PurePath("/dev/stdout")

TABLE_DELIMITERS = {".csv": ",", ".tsv": "\t"}

TIMELINE_SUFFIXES = (".png", ".pdf", ".svg")

PAGE_SUFFIXES = (".html", ".htm")
PLAYED_IN_PAGES = (".mp4", ".mov", ".webm")  # by browsers


def sidecar_of(table):
    """Return the path of the .json beside a table, or None if the table is no file."""
    return table.with_suffix(".json") if table and place_of(table) else None


def result_names(names, suffix_of):
    """Return {name: PurePath of its result}: each relative path with the result's suffix.

    suffix_of: a function from the lower-case suffix to the result's. Where two results would have
    one name, the new suffix follows the old one, except for the file that has that name itself.
    """
    wanted = {name: _with_suffix(PurePath(name), suffix_of) for name in names}
    counts = Counter(wanted.values())
    return {name: path if counts[path] == 1 or path == PurePath(name)
            else PurePath(name + path.suffix) for name, path in wanted.items()}


def _with_suffix(path, suffix_of):
    suffix = suffix_of(path.suffix.lower())
    return path if suffix == path.suffix.lower() else path.with_suffix(suffix)
