"""What a frame of a video takes of the memory."""

from av import VideoFormat

from pipeline.detection.sources.decodedframe import square_pixels
from pipeline.errors import UserError

MEMORY_LIMIT = 10**9  # bytes that a frame may take

# Bytes that a pixel takes while it is read, as measured: beside what FFmpeg decodes a copy in the
# decoder, and BGR; of what is shown BGR that is turned, and gray; and BGR again if it is resized.
BESIDE, SHOWN, RESIZED = 6, 4, 3

USUAL_PIXELS = "yuv420p"  # where a header does not tell


def bytes_of_pixel(pixels):
    """Return the bytes of a decoded pixel, by the name of FFmpeg's pixel format or None."""
    return VideoFormat(pixels or USUAL_PIXELS).padded_bits_per_pixel / 8


def memory_needed(width, height, aspect, pixels):
    """Return the bytes that a frame takes while it is read, at most.

    aspect: a pixel's width over its height. pixels: FFmpeg's pixel format.
    """
    shown_width, shown_height = square_pixels(width, height, aspect)
    of_shown = SHOWN + RESIZED * (aspect != 1)
    return (width * height * (bytes_of_pixel(pixels) + BESIDE)
            + shown_width * shown_height * of_shown)


def most_pixels(pixels):
    """Return how many pixels a frame of a pixel format may have."""
    return int(MEMORY_LIMIT / (bytes_of_pixel(pixels) + BESIDE + SHOWN))


def require_memory(name, width, height, aspect, pixels):
    """Raise UserError if a frame, as memory_needed takes it, would take more than MEMORY_LIMIT."""
    if (needed := memory_needed(width, height, aspect, pixels)) > MEMORY_LIMIT:
        width, height = square_pixels(width, height, aspect)
        raise UserError(f"{name}: a frame of {width} x {height} pixels would take "
                        f"{needed / 1e9:.1f} GB of memory, and the limit is "
                        f"{MEMORY_LIMIT / 1e9:.0f} GB; shrink the video")
