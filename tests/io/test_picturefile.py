import io
import os
import struct
import subprocess
import sys
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from PIL import Image, features

from pipeline.errors import UserError
from pipeline.io.picturefile import FORMATS, read_picture
from tests.conftest import ROOT, SAMPLE_PICTURE

PICTURE = Image.open(SAMPLE_PICTURE).convert("RGB").resize((216, 120))
PIXELS = np.asarray(PICTURE)
GRAY = np.asarray(PICTURE.convert("L"))

# How an upright picture is to be stored for each orientation of EXIF.
STORED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}


def looks_like(path, expected, tolerance):
    """Assert that a picture is (height, width, 3) RGB or (height, width) gray, nearly."""
    image, breaks_off = read_picture(path)
    assert not breaks_off
    assert image.dtype == np.uint8 and image.flags.c_contiguous
    if expected.ndim == 2:
        expected = np.repeat(expected[:, :, np.newaxis], 3, axis=2)
    assert image.shape == expected.shape
    assert np.abs(image[:, :, ::-1].astype(int) - expected).mean() <= tolerance


@pytest.mark.parametrize(("name", "options", "tolerance"), [
    ("x.jpg", {"quality": 95}, 4), ("x.JPEG", {"progressive": True}, 6),
    ("x.jfif", {"format": "JPEG"}, 6), ("x.png", {}, 0), ("x.bmp", {}, 0), ("x.dib", {}, 0),
    ("x.ppm", {}, 0), ("x.tif", {}, 0), ("x.tiff", {"compression": "tiff_lzw"}, 0),
    ("x.webp", {"lossless": True}, 0), ("x.avif", {"quality": 95}, 4), ("x.gif", {}, 12),
    ("x.jp2", {}, 1), ("x.mpo", {"save_all": True, "append_images": [PICTURE.rotate(180)]}, 6),
    ("pages.tif", {"save_all": True, "append_images": [PICTURE.rotate(180)]}, 0),
    ("animated.webp", {"save_all": True, "append_images": [PICTURE.rotate(180)],
                       "lossless": True}, 0),
    ("animated.png", {"save_all": True, "append_images": [PICTURE.rotate(180)]}, 0),
    ("animated.avif", {"save_all": True, "append_images": [PICTURE.rotate(180)],
                       "quality": 95}, 4),
    ("animated.gif", {"save_all": True, "append_images": [PICTURE.rotate(180)]}, 12),
    ("png_called.jpg", {"format": "PNG"}, 0), ("no_suffix", {"format": "PNG"}, 0),
])
def test_formats(tmp_path, name, options, tolerance):
    PICTURE.save(tmp_path / name, **options)
    looks_like(tmp_path / name, PIXELS, tolerance)


def test_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(PICTURE).save(tmp_path / "x.heic", quality=95)
    looks_like(tmp_path / "x.heic", PIXELS, 5)


def test_heic_without_its_package_is_one_line(tmp_path):
    (tmp_path / "x.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    code = ("import sys; sys.modules['pillow_heif'] = None\n"
            "from pipeline.io.picturefile import read_picture\n"
            "read_picture(sys.argv[1])")
    process = subprocess.run([sys.executable, "-c", code, tmp_path / "x.heic"], cwd=ROOT,
                             capture_output=True, text=True)
    assert "pip install pillow-heif" in process.stderr.splitlines()[-1]


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif"])
@pytest.mark.parametrize("orientation", STORED)
def test_orientation(tmp_path, suffix, orientation):
    stored = PICTURE if STORED[orientation] is None else PICTURE.transpose(STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {} if suffix in ("png", "tif") else {"quality": 95}
    stored.save(tmp_path / f"x.{suffix}", exif=exif, **quality)
    looks_like(tmp_path / f"x.{suffix}", PIXELS, 5)


def test_orientation_of_a_webp_whose_exif_begins_like_a_jpegs(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    PICTURE.transpose(STORED[6]).save(buffer, "WEBP", lossless=True, exif=exif.tobytes())
    content = bytearray(buffer.getvalue())
    start = content.index(b"EXIF") + 4
    size = int.from_bytes(content[start:start + 4], "little")
    content[start:start + 4] = (size + 6).to_bytes(4, "little")
    content[start + 4:start + 4] = b"Exif\0\0"
    content[4:8] = (len(content) - 8).to_bytes(4, "little")
    (tmp_path / "x.webp").write_bytes(content)
    looks_like(tmp_path / "x.webp", PIXELS, 2)


def test_a_damaged_exif_is_no_reason_not_to_look(tmp_path):
    PICTURE.save(tmp_path / "x.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff nonsense", quality=95)
    looks_like(tmp_path / "x.jpg", PIXELS, 4)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_as_many_of_16_bits_as_a_camera_has(tmp_path, bits, suffix):
    cv2.imwrite(str(tmp_path / f"gray.{suffix}"), GRAY.astype(np.uint16) << (bits - 8))
    looks_like(tmp_path / f"gray.{suffix}", GRAY, 1)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colors_of_16_bits(tmp_path, suffix):
    deep = PIXELS.astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / f"color.{suffix}"), deep[:, :, ::-1])
    looks_like(tmp_path / f"color.{suffix}", PIXELS, 1)


def test_deep_pictures_of_other_kinds(tmp_path):
    (tmp_path / "12.pgm").write_bytes(
        b"P5 216 120 4095\n" + (GRAY.astype(np.uint16) << 4).astype(">u2").tobytes())
    Image.fromarray(GRAY.astype(np.float32) / 255).save(tmp_path / "float.tif")
    Image.fromarray(GRAY.astype(np.int32) * 1000 - 5000).save(tmp_path / "signed.tif")
    big_endian = Image.frombytes("I;16B", (216, 120), (GRAY.astype(">u2") * 257).tobytes())
    big_endian.save(tmp_path / "big_endian.tif")
    for path in tmp_path.iterdir():
        looks_like(path, GRAY, 3)


def test_a_deep_picture_is_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.rot90(GRAY).astype(np.uint16) * 257)
    deep.save(tmp_path / "x.png", exif=exif)
    looks_like(tmp_path / "x.png", GRAY, 1)


@pytest.mark.parametrize(("mode", "name", "tolerance"), [
    ("L", "x.png", 0), ("LA", "x.png", 0), ("1", "x.png", 120), ("P", "x.png", 25),
    ("RGBA", "x.png", 20), ("CMYK", "x.jpg", 6), ("CMYK", "x.tif", 3), ("YCbCr", "x.jpg", 6),
    ("LAB", "x.tif", 20), ("PA", "x.tif", 25), ("I;16", "x.png", 1),
])
def test_modes(tmp_path, mode, name, tolerance):
    picture = PICTURE.convert("L") if mode in ("L", "LA", "1", "I;16") else PICTURE
    picture.convert(mode).save(tmp_path / name)
    gray = mode in ("L", "LA", "1", "LAB")
    if mode == "I;16":  # from 8 bits, which are what is used of the 16
        gray = True
    looks_like(tmp_path / name, GRAY if gray else PIXELS, tolerance)


@pytest.mark.parametrize("name", ["x.png", "x.webp", "palette.png", "gray.png", "key.png"])
def test_what_is_transparent_lies_on_white(tmp_path, name):
    alpha = np.full(GRAY.shape, 255, dtype=np.uint8)
    alpha[:, :100] = 0
    picture = Image.fromarray(np.dstack([PIXELS, alpha]))
    if name == "gray.png":
        picture.convert("LA").save(tmp_path / name)
    elif name == "palette.png":
        palette = Image.fromarray(np.where(alpha == 0, 7, GRAY // 32 + 8).astype(np.uint8), "P")
        palette.putpalette(bytes(range(256)) * 3)
        palette.save(tmp_path / name, transparency=7)
    elif name == "key.png":
        keyed = PIXELS.copy()
        keyed[:, :100] = (1, 2, 3)
        Image.fromarray(keyed).save(tmp_path / name, transparency=(1, 2, 3))
    else:
        picture.save(tmp_path / name, lossless=True)
    image, _ = read_picture(tmp_path / name)
    assert (image[:, :100] == 255).all()
    assert image[:, 100:].mean() < 200


@pytest.mark.parametrize(("name", "options"), [
    ("x.jpg", {}), ("x.png", {}), ("x.gif", {}), ("x.bmp", {}), ("x.ppm", {}), ("x.tif", {}),
    ("progressive.jpg", {"progressive": True}),
])
def test_what_breaks_off_is_read_as_far_as_it_goes(tmp_path, name, options):
    PICTURE.save(tmp_path / name, **options)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:len(content) * 2 // 3])
    image, breaks_off = read_picture(tmp_path / name)
    assert breaks_off
    assert image.shape == (120, 216, 3)
    there = slice(70, None) if name == "x.bmp" else slice(50)  # a BMP begins at the bottom
    assert np.abs(image[there, :, ::-1].astype(int) - PIXELS[there]).mean() < 20


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "tif", "webp", "avif", "bmp", "jp2",
                                    "ppm"])
def test_what_is_cut_anywhere_is_read_or_one_line(tmp_path, suffix):
    PICTURE.save(tmp_path / "whole", format={"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000",
                                             "ppm": "PPM"}.get(suffix, suffix.upper()))
    content = (tmp_path / "whole").read_bytes()
    for share in (0.002, 0.01, 0.1, 0.3, 0.5, 0.9, 0.99):
        path = tmp_path / f"x.{suffix}"
        path.write_bytes(content[:1 + int(len(content) * share)])
        try:
            assert read_picture(path)[0].shape == (120, 216, 3)
        except UserError as error:
            assert "cannot be read as a picture" in str(error) and "\n" not in str(error)


def png_that_claims(width, height):
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", b"x\x9c\x03\0\0\0\0\1") + chunk(b"IEND", b""))


def test_a_picture_of_too_many_pixels_is_refused(tmp_path):
    (tmp_path / "x.png").write_bytes(png_that_claims(60000, 50000))
    with pytest.raises(UserError, match=r"\(Image size \(3000000000 pixels\) exceeds limit"):
        read_picture(tmp_path / "x.png")
    (tmp_path / "x.bmp").write_bytes(
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 100000, 100000, 1, 24, 0, 0, 0, 0,
                            0, 0))
    with pytest.raises(UserError, match=r"10000000000 pixels\) exceeds limit"):
        read_picture(tmp_path / "x.bmp")


def test_what_is_no_picture_is_one_line(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"not a picture")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UserError, match="cannot be read as a picture; expected one of AVIF"):
        read_picture(tmp_path / "x.jpg")
    with pytest.raises(UserError, match="an empty file"):
        read_picture(tmp_path / "empty.jpg")
    with pytest.raises(UserError, match="no such picture"):
        read_picture(tmp_path / "none.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", "/dev/null", tmp_path):
        with pytest.raises(UserError, match=r"a folder, expected|a pipe or a device, expected"):
            read_picture(path)


def test_this_pillow_has_the_formats_that_the_documents_name():
    assert {"AVIF", "JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM"} <= set(FORMATS)
    assert features.check("avif") and features.check("webp")


@pytest.mark.parametrize(("name", "depth", "options"), [
    ("lzw.tif", 8, {"compression": "tiff_lzw"}), ("zip.tif", 8, {"compression": "tiff_deflate"}),
    ("fax.tif", 1, {"compression": "group4"}), ("deep.png", 16, {}), ("deep.tif", 16, {})])
def test_libraries_say_nothing_of_a_damaged_picture(tmp_path, capfd, name, depth, options):
    path = tmp_path / name
    if depth == 16:
        cv2.imwrite(str(path), PIXELS.astype(np.uint16) * 257)
    else:
        PICTURE.convert("1" if depth == 1 else "RGB").save(path, **options)
    content = bytearray(path.read_bytes())
    content[len(content) // 4:len(content) // 2] = b"\xa5" * (len(content) // 2 - len(content) // 4)
    path.write_bytes(content)
    with suppress(UserError):
        read_picture(path)
    assert capfd.readouterr().err == ""
