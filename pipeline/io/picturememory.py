"""What a picture takes of the memory."""

from pipeline.errors import UserError

# Bytes that a picture may take.
MEMORY_LIMIT = 10**9

# Bytes that a pixel takes while it is read, by the picture's mode or format, as measured: Pillow's
# four and our three, and with some a copy in the decoder or in other numbers.
BYTES_PER_PIXEL = {"I": 18, "F": 18, "LAB": 9, "WEBP": 17, "AVIF": 12, "HEIF": 11, "JPEG2000": 20}
USUAL_BYTES_PER_PIXEL = 8
DEEP_BYTES_PER_PIXEL = 25


def has_deep_colors(picture):
    """Return whether an opened picture has colors of 16 bits; a loaded one does not tell."""
    return ";16" in str(picture.tile) and not picture.mode.startswith("I")


def memory_needed(picture):
    """Return the bytes that an opened PIL.Image takes while it is read, at most."""
    width, height = picture.size
    return width * height * max(
        DEEP_BYTES_PER_PIXEL if has_deep_colors(picture) else USUAL_BYTES_PER_PIXEL,
        *(BYTES_PER_PIXEL.get(key, 0) for key in (picture.mode, picture.format)))


def require_memory(path, picture):
    """Raise UserError if an opened PIL.Image would take more than MEMORY_LIMIT."""
    if (needed := memory_needed(picture)) > MEMORY_LIMIT:
        width, height = picture.size
        raise UserError(f"{path}: {width} x {height} pixels would take {needed / 1e9:.1f} GB of "
                        f"memory, and the limit is {MEMORY_LIMIT / 1e9:.0f} GB; shrink the picture")
