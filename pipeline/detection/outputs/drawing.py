"""Draws faces and their emotions on frames."""

from colorsys import hsv_to_rgb
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# BGR. Text has at least seven times the luminance of its background, or a seventh of it.
BOX_COLOR, ON_BOX_COLOR = (80, 200, 60), (0, 0, 0)
BACKGROUND, TEXT_COLOR = (45, 40, 38), (255, 255, 255)

EMOTION_COLORS = {
    "angry": "#d62728", "disgust": "#8c6d31", "fear": "#9467bd", "happy": "#f2b134",
    "sad": "#4c78a8", "surprise": "#e377c2", "neutral": "#b0b0b0", "contempt": "#2f6f5e",
}

# matplotlib brings DejaVu Sans, which has the letters of most languages. It is not imported for it.
DEJAVU = "mpl-data/fonts/ttf/DejaVuSans.ttf"

LETTER_SHARE, SMALLEST = 1 / 24, 11  # of letters: by the image's shorter side; pixels at least
LABEL_WIDTH = 1.5  # of a face's label at most, by the width of its box

# A row of a panel: pixels at least, and its height by the shorter side of the image, of which all
# rows together take at most two thirds. ROWS_WIDE: the panel's width in rows.
LEAST_ROW, ROW_SHARE, ROWS_WIDE = 15, 1 / 18, 8


class Annotator:
    """Draws on each frame the faces, the largest face's probabilities, and the time if wanted."""

    def __init__(self, class_names, *, with_time):
        self._class_names = class_names
        self._with_time = with_time
        self._panel_corner, self._time_corner = 0, 1  # where they were last

    def write(self, frame, faces):
        image = frame.image
        taken = [face.box for face in faces] + draw_faces(image, faces)
        if faces:
            share = min(ROW_SHARE, 2 / 3 / (len(self._class_names) + 1))
            row = max(LEAST_ROW, round(share * min(image.shape[:2])))
            panel = panel_of(faces[0], self._class_names, row)
            corner, place, covered = freest_corner(image, panel, taken, self._panel_corner)
            if not covered:
                self._panel_corner = corner
                paste(image, panel, *place[:2])
                taken.append(place)
        if self._with_time:
            label = label_of(clock(frame.seconds), round(0.8 * letter_size(image)))
            self._time_corner, place, _ = freest_corner(image, label, taken, self._time_corner)
            paste(image, label, *place[:2])


def draw_faces(image, faces):
    """Draw each face's box and label, the largest face's on top; return the labels' boxes."""
    largest, boxes = letter_size(image), []
    for face in reversed(faces):
        x, y, width, height = face.box
        text = f"{face.number} {face.emotion} {face.probabilities.max():.0%}"
        size = fitting_size(text, LABEL_WIDTH * width, largest)
        cv2.rectangle(image, (x, y), (x + width, y + height), BOX_COLOR, max(2, size // 9))
        label = label_of(text, size, ON_BOX_COLOR, BOX_COLOR)
        left = max(0, min(x, image.shape[1] - label.shape[1]))
        top = y - label.shape[0] if y >= label.shape[0] else y
        paste(image, label, left, top)
        boxes.append((left, top, *label.shape[1::-1]))
    return boxes


def clock(seconds):
    """Return a time as h:mm:ss.s."""
    tenths = round(10 * seconds)
    return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def freest_corner(image, picture, taken, first):
    """Return the corner where a picture covers the fewest of other boxes, its box, and how many.

    Corners: 0 lower left, 1 lower right, 2 and 3 the upper ones. first: the best among equals.
    """
    height, width = picture.shape[:2]
    right, bottom = max(0, image.shape[1] - width), max(0, image.shape[0] - height)
    places = [(x, y, width, height) for x, y in ((0, bottom), (right, bottom), (0, 0), (right, 0))]
    covered = [sum(overlap(place, other) for other in taken) for place in places]
    corner = min((first, *range(4)), key=covered.__getitem__)
    return corner, places[corner], covered[corner]


def overlap(box, other):
    """Return whether two boxes (x, y, width, height) have a pixel in common."""
    return all(max(box[n], other[n]) < min(box[n] + box[n + 2], other[n] + other[n + 2])
               for n in (0, 1))


def panel_of(face, class_names, row):
    """Return a picture, (row * (classes + 1), 8 * row, 3) uint8 BGR, of a Face or of None."""
    height, width = row * (len(class_names) + 1), ROWS_WIDE * row
    panel = np.empty((height, width, 3), np.uint8)
    cv2.rectangle(panel, (0, 0), (width, height), BACKGROUND, cv2.FILLED)  # numpy takes 0.4 ms
    margin, letters = max(1, row // 8), round(0.62 * row)
    room = width - label_of("100%", letters).shape[1] - 2 * margin
    title = f"face {face.number}" if face else "no face"
    paste(panel, label_of(title, letters), margin, 0)
    for number, (name, color) in enumerate(zip(class_names, colors_of(tuple(class_names)))):
        share = float(face.probabilities[number]) if face else 0.0
        top = (number + 1) * row
        label = label_of(name, fitting_size(name, room, letters))
        paste(panel, label[:, :room], margin, top)
        percent = label_of(f"{share:.0%}", letters)
        paste(panel, percent, width - percent.shape[1] - margin, top)
        bottom, right = top + row - 1, margin + round(share * (width - 2 * margin))
        cv2.rectangle(panel, (margin, bottom - row // 6), (right, bottom), bgr(color), cv2.FILLED)
    return panel


@lru_cache(maxsize=8)
def colors_of(class_names):
    """Return a color, "#rrggbb", for each of a tuple of classes: an emotion has its own."""
    others = [name for name in class_names if name not in EMOTION_COLORS]
    own = dict(EMOTION_COLORS)
    for number, name in enumerate(others):
        color = hsv_to_rgb((number + 0.4) / len(others), 0.7, (0.9, 0.6)[number % 2])
        own[name] = "#" + bytes(round(255 * part) for part in color).hex()
    return [own[name] for name in class_names]


def bgr(color):
    """Return "#rrggbb" as a tuple of blue, green and red, 0-255."""
    return tuple(bytes.fromhex(color[1:]))[::-1]


def letter_size(image):
    return max(SMALLEST, round(LETTER_SHARE * min(image.shape[:2])))


def fitting_size(text, width, largest):
    """Return the largest size of letters, pixels, with which a label is at most `width` wide."""
    natural = label_of(text, largest).shape[1]
    return min(largest, max(SMALLEST, int(largest * width / natural)))


@lru_cache(maxsize=512)
def label_of(text, size, color=TEXT_COLOR, background=BACKGROUND):
    """Return a picture (height, width, 3) uint8 BGR of a line of text; size: of the letters."""
    font = font_of(size)
    picture = Image.new("RGB", (round(font.getlength(text)) + size // 2, round(1.35 * size)),
                        background)
    ImageDraw.Draw(picture).text((size // 4, size), text, fill=color, font=font, anchor="ls")
    return np.asarray(picture)


@lru_cache
def font_of(size):
    """Return DejaVu Sans, or Pillow's own font where matplotlib is not installed."""
    with suppress(ImportError, AttributeError, OSError):
        return ImageFont.truetype(Path(find_spec("matplotlib").origin).parent / DEJAVU, size)
    return ImageFont.load_default(size)


def paste(image, picture, x, y):
    """Put a picture on an image at x, y, cut at the image's border."""
    part = image[y:y + picture.shape[0], x:x + picture.shape[1]]
    part[:] = picture[:part.shape[0], :part.shape[1]]
