"""Reads pictures of the kinds that people have."""

import io
import os
import warnings
from contextlib import suppress

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from pipeline.errors import UserError
from pipeline.io.picturememory import has_deep_colors, require_memory
from pipeline.terminal import quiet_stderr

with suppress(ImportError):  # not everybody has a phone's pictures
    from pillow_heif import register_heif_opener

    register_heif_opener()

Image.init()
Image.MAX_IMAGE_PIXELS = None  # picturememory's takes its place

# An MPO is opened as a JPEG.
FORMATS = [name for name in ("AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "PNG", "PPM",
                             "TIFF", "WEBP") if name in Image.OPEN]
PICTURE_SUFFIXES = (".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".j2k",
                    ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png",
                    ".pnm", ".ppm", ".tif", ".tiff", ".webp")

# Rows that are converted at a time, so that no whole copies pile up.
BAND = 256

# By EXIF's number, how an array (height, width, ...) is turned upright.
UPRIGHT = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}


def read_picture(path):
    """Return a picture as (height, width, 3) uint8 BGR, upright, and whether it breaks off.

    Of several pages or frames it is the first. What is transparent lies on white. Raises
    UserError if it is no picture, or would take too much memory.
    """
    if not os.path.isfile(path):
        kind = "a folder, a pipe or a device" if os.path.exists(path) else "no such file"
        raise UserError(f"{path}: {kind}, expected a picture")
    try:
        return _read(path, lenient=False), False
    except UserError:
        raise
    except Exception:  # Pillow promises no particular ones
        pass
    try:
        return _read(path, lenient=True), True
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{path}: cannot be read as a picture{_reason(path, error)}") from error


def _read(path, lenient):
    image, orientation = _decoded(path, lenient)  # Pillow's own pixels are gone by now
    return np.ascontiguousarray(UPRIGHT.get(orientation, np.asarray)(image))


def _decoded(path, lenient):
    """Return a picture as it is stored, (height, width, 3) uint8 BGR, and its orientation."""
    ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    with warnings.catch_warnings(), quiet_stderr(), open(path, "rb") as file:
        warnings.simplefilter("ignore")
        file = _filled_up(file) if lenient else file
        with Image.open(file, formats=FORMATS) as picture:
            require_memory(path, picture)
            deep = has_deep_colors(picture)
            picture.load()
            orientation = _orientation(picture)
            return _deep_color(file) if deep else _bgr(picture), orientation


def _filled_up(file):
    """Return a file that breaks off with zeros behind it, if its format needs all its bytes."""
    start = file.read(12)
    file.seek(0)
    if start[:4] != b"RIFF" and start[4:8] != b"ftyp":
        return file
    content = file.read()
    return io.BytesIO(content + bytes(len(content)))


def _orientation(picture):
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged note about the picture is no reason not to look at it
        return 1


def _bgr(picture):
    """Return a loaded picture's pixels as (height, width, 3) uint8 BGR."""
    if picture.mode == "LAB":
        picture = picture.getchannel("L")
    if picture.mode.startswith(("I", "F")):
        return cv2.cvtColor(_in_8_bits(np.asarray(picture)), cv2.COLOR_GRAY2BGR)
    image = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    for top in range(0, picture.height, BAND):
        bottom = min(top + BAND, picture.height)
        band = picture.crop((0, top, picture.width, bottom))
        if band.has_transparency_data:
            band = _on_white(band)
        image[top:bottom] = np.asarray(band.convert("RGB"))[:, :, ::-1]
    return image


def _on_white(picture):
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white


def _deep_color(file):
    """Return a picture with colors of 16 bits, of which Pillow would keep only the upper 8."""
    file.seek(0)
    image = cv2.imdecode(np.frombuffer(file.read(), dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    image = _in_8_bits(image)
    if image.shape[2] == 4:
        return _bgr(Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA)))
    return image


def _in_8_bits(image):
    """Return numbers of any depth as uint8, by the bits that are used: cameras write 12 in 16.

    Without whole numbers from 0 on there are no bits to go by: the range that is there is taken.
    """
    if image.dtype.kind == "f":
        image = np.nan_to_num(image, posinf=0, neginf=0)
    low, high = image.min(), image.max()
    if image.dtype.kind != "f" and low >= 0:
        return (image >> max(0, int(high).bit_length() - 8)).astype(np.uint8)
    scale = 255 / max(float(high) - float(low), 1e-30)
    return ((image - np.float32(low)) * np.float32(scale)).astype(np.uint8)


def _reason(path, error):
    """Return what to say of a file that cannot be read: what is missing, or what Pillow says."""
    try:
        with open(path, "rb") as file:
            start = file.read(12)
    except OSError as failure:
        return f": {failure.strerror}"
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"heim", b"heis", b"mif1"):
        return ": HEIC needs one more package, pip install pillow-heif"
    if not start:
        return ": an empty file"
    if isinstance(error, UnidentifiedImageError):
        return f"; expected one of {', '.join(FORMATS)}"
    return f" ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
