"""Reads pictures: photos of cameras and phones, graphics, scans."""

import warnings
from contextlib import suppress

import cv2
import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from pipeline.commandline import existing_file
from pipeline.errors import UserError
from pipeline.process.terminal import quiet_stderr

with suppress(ImportError):  # optional: HEIC, the format of many phones
    from pillow_heif import register_heif_opener

    register_heif_opener()

Image.init()
MOST_PIXELS = 1 << 27

# An MPO is opened as a JPEG.
FORMATS = [name for name in ("AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "PNG", "PPM",
                             "TIFF", "WEBP") if name in Image.OPEN]
PICTURE_SUFFIXES = (".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".j2k",
                    ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png",
                    ".pnm", ".ppm", ".tif", ".tiff", ".webp")


def read_picture(path):
    """Return a picture as (height, width, 3) uint8 BGR, upright, and whether it breaks off.

    Of several pages or frames the first is read. Transparent parts become white. Raises UserError
    if the file is no picture, or has over 134 million pixels.
    """
    existing_file(path, "picture", "give the path of a photo or a graphic")
    with open(path, "rb") as file, quiet_stderr(), warnings.catch_warnings():  # a thread at a time
        warnings.simplefilter("ignore")
        for breaks_off in (False, True):
            try:
                return picture_pixels(_loaded(file, breaks_off)), breaks_off
            except Exception as error:  # Pillow promises no particular ones
                failure = error
        raise UserError(f"{path}: cannot be read as a picture{_reason(file, failure)}") from failure


def _loaded(file, breaks_off):
    """Return a loaded PIL.Image; one that breaks off as far as it goes."""
    file.seek(0)
    earlier, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, breaks_off
    try:
        picture = Image.open(file, formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError(f"{picture.width * picture.height:,} pixels, at most "
                             f"{MOST_PIXELS:,} are read")
        picture.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = earlier
    return picture


def picture_pixels(picture):
    """Return a PIL.Image as (height, width, 3) uint8 BGR, upright by its EXIF orientation."""
    with suppress(Exception):  # damaged EXIF data do not matter otherwise
        picture = ImageOps.exif_transpose(picture)
    if picture.mode == "LAB":
        picture = picture.getchannel("L")
    if picture.mode.startswith(("I", "F")):
        return cv2.cvtColor(in_8_bits(np.asarray(picture)), cv2.COLOR_GRAY2BGR)
    if picture.has_transparency_data:
        picture = on_white(picture)
    return cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2BGR)


def on_white(picture):
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white


def in_8_bits(image):
    """Return numbers of any depth as uint8, by the highest bit in use: cameras store 12 in 16.

    Negative and floating-point numbers are scaled from their least to their largest.
    """
    if image.dtype.kind == "f":
        image = np.nan_to_num(image, posinf=0, neginf=0)
    low, high = image.min(), image.max()
    if image.dtype.kind != "f" and low >= 0:
        return (image >> max(0, int(high).bit_length() - 8)).astype(np.uint8)
    scale = 255 / max(float(high) - float(low), 1e-30)
    return ((image - np.float32(low)) * np.float32(scale)).astype(np.uint8)


def _reason(file, error):
    """Return why a file cannot be read: what is missing, or the message of Pillow."""
    file.seek(0)
    if file.read(12)[4:] in (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftypmif1"):
        return ": HEIC needs one more package, pip install pillow-heif"
    if isinstance(error, UnidentifiedImageError):
        return f"; expected one of {', '.join(FORMATS)}"
    return f" ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
