"""The formats of results by their suffixes, and the names of results."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath

from pipeline.errors import UserError
from pipeline.files.wholefile import place_of


@dataclass(frozen=True)
class VideoFormat:
    """A container of FFmpeg's with its codecs and options."""

    container: str
    codec: str  # of the picture
    options: dict
    copied: set  # codecs of sound
    sound_codec: str  # for sound of other codecs
    growing: dict = field(default_factory=dict)  # with which the file can be read as it grows
    indexed: dict | None = None  # with which the index is in front; None: it has a fixed place
    pixels: str = "yuv420p"


# "superfast" writes half the bytes of "ultrafast" for 1.3 ms of CPU a frame more. Players start and
# fragments end at key frames (g). No B-frames: each frame gets its time when it is encoded.
H264 = {"preset": "superfast", "crf": "23", "g": "60", "bf": "0"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "32", "b": "0", "g": "60"}
JPEG = {"qmin": "2", "qmax": "4"}

FRAGMENTS = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
FAST_START, CUES_IN_FRONT = {"movflags": "faststart"}, {"cues_to_front": "1"}

MP4_SOUND = {"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"}
MOV_SOUND = {"aac", "ac3", "alac", "eac3", "mp3", "pcm_s16le", "pcm_s16be", "pcm_s24le"}
MKV_SOUND = MP4_SOUND | MOV_SOUND | {"dts", "mp2", "vorbis"}

MATROSKA = VideoFormat("matroska", "libx264", H264, MKV_SOUND, "aac", indexed=CUES_IN_FRONT)

VIDEO_FORMATS = {
    ".mp4": VideoFormat("mp4", "libx264", H264, MP4_SOUND, "aac", FRAGMENTS, FAST_START),
    ".mov": VideoFormat("mov", "libx264", H264, MOV_SOUND, "aac", FRAGMENTS, FAST_START),
    ".mkv": MATROSKA,
    ".webm": VideoFormat("webm", "libvpx-vp9", VP9, {"opus", "vorbis"}, "libopus",
                         indexed=CUES_IN_FRONT),
    # It stores no times of sound, so all is encoded, with silence in gaps.
    ".avi": VideoFormat("avi", "mjpeg", JPEG, set(), "pcm_s16le", pixels="yuvj420p"),
}

# Pillow's names of the picture formats that have colors.
PICTURE_FORMATS = {
    ".avif": "AVIF", ".bmp": "BMP", ".gif": "GIF", ".jfif": "JPEG", ".jp2": "JPEG2000",
    ".jpe": "JPEG", ".jpeg": "JPEG", ".jpg": "JPEG", ".mpo": "JPEG", ".png": "PNG", ".ppm": "PPM",
    ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP",
}

STANDARD_OUTPUT = PurePath("/dev/stdout")

PLAYED_IN_PAGES = (".mp4", ".mov", ".webm")  # by browsers


def require_suffix(path, suffixes, what, otherwise=""):
    """Raise UserError if a file has none of these suffixes; a device or a pipe may."""
    if path.suffix.lower() not in suffixes and place_of(path):
        raise UserError(f"{path}: no {what} is written with this suffix; expected "
                        + ", ".join(suffixes) + otherwise)


def sidecar_of(table):
    """Return the path of the .json beside a table, or None if the table is no file."""
    return table.with_suffix(".json") if table and place_of(table) else None


def copy_paths(path, names):
    """Return {name: path of its copy}: `path`, or its name, perhaps with .png, in the folder."""
    if not path.is_dir():
        return dict.fromkeys(names, path)
    copies = result_names(names, lambda suffix: suffix if suffix in PICTURE_FORMATS else ".png")
    return {name: path / copy for name, copy in copies.items()}


def result_names(names, suffix_of):
    """Return {name: PurePath of its result}: each relative path with the result's suffix.

    suffix_of: a function from the lower-case suffix to the result's, which follows the old suffix
    where two results would have one name, except for the file that has that name itself.
    """
    wanted = {}
    for name in names:
        path = PurePath(name)
        suffix = suffix_of(path.suffix.lower())
        wanted[name] = path if suffix == path.suffix.lower() else path.with_suffix(suffix)
    counts = Counter(wanted.values())
    return {name: path if counts[path] == 1 or path == PurePath(name)
            else PurePath(name + path.suffix) for name, path in wanted.items()}
