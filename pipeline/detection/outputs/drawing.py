"""Draws faces and emotions."""

import time

import cv2
import numpy as np

from pipeline.detection.outputs.lettering import text_size, write_text

# BGR. Text has at least seven times the light of what it stands on, or a seventh of it.
BOX_COLOR = (80, 200, 60)
ON_BOX_COLOR = (0, 0, 0)
TEXT_COLOR = (255, 255, 255)
BACKGROUND = (45, 40, 38)
BAR_COLOR = (40, 40, 150)

SMALLEST_SCALE = 0.4  # of a font that can be read
LABEL_WIDTH = 1.5  # of a face's label at most, by the width of its box
FONT_HEIGHT = 22  # pixels of a capital letter at scale 1

# Of the bars: a row's least height, and as a share of the shorter side, of which all rows take
# two thirds at most; a panel's width in rows.
LEAST_ROW, ROW_SHARE, ROWS_WIDE = 14, 1 / 18, 8.5


class Annotator:
    """Draws everything on each frame: boxes, the largest face's bars, the rate of the run."""

    def __init__(self, class_names, *, with_rate):
        self._class_names = class_names
        self._with_rate = with_rate
        self._last = None
        self._rate = 0.0

    def write(self, frame, faces):
        """Draw on the frame's image."""
        now = time.monotonic()
        draw_faces(frame.image, faces)
        largest = faces[0].box if faces else (0, 0, 0, 0)
        taken = [largest]
        if faces:
            taken.append(draw_bars(frame.image, faces[0], self._class_names))
        if self._with_rate and self._last is not None:
            # A mean over about the last twenty frames.
            self._rate += (1 / max(now - self._last, 1e-6) - self._rate) * (
                0.05 if self._rate else 1)
            draw_rate(frame.image, self._rate, taken)
        self._last = now


def draw_faces(image, faces):
    """Draw each face's box, emotion and its percentage on an image (height, width, 3) uint8."""
    scale = text_scale(image)
    for face in faces:
        x, y, width, height = face.box
        text = f"{face.emotion} {face.probabilities.max():.0%}"
        cv2.rectangle(image, (x, y), (x + width, y + height), BOX_COLOR, max(2, round(2 * scale)))
        draw_label(image, text, x, y, fitting_scale(text, width, scale), BOX_COLOR, ON_BOX_COLOR)


def draw_label(image, text, x, y, scale, background, color):
    """Draw text on a filled background above y, or below it at the top border."""
    (width, height), baseline = text_size(text, scale)
    bottom = y if y >= height + 2 * baseline else y + height + 2 * baseline
    x = max(0, min(x, image.shape[1] - width - baseline))
    cv2.rectangle(image, (x, bottom - height - 2 * baseline), (x + width + baseline, bottom),
                  background, cv2.FILLED)
    write_text(image, text, (x + baseline // 2, bottom - baseline), scale, color)


def draw_rate(image, frames_per_second, taken):
    """Write the frames per second into a corner, away from the boxes that are taken."""
    scale = 0.8 * text_scale(image)
    text = f"{frames_per_second:.0f} frames/s"
    (width, height), baseline = text_size(text, scale)
    size = (width + baseline, height + 2 * baseline)
    x, y = free_corner(image, size, taken, order=(1, 0, 3, 2))
    draw_label(image, text, x, y + size[1], scale, BACKGROUND, TEXT_COLOR)


def draw_bars(image, face, class_names):
    """Draw a face's probabilities as bars into a corner where it is not; return their box."""
    share = min(ROW_SHARE, 2 / 3 / len(class_names))
    row = max(LEAST_ROW, round(min(image.shape[:2]) * share))
    panel = bars(face, class_names, row=row)[:image.shape[0], :image.shape[1]]
    height, width = panel.shape[:2]
    x, y = free_corner(image, (width, height), [face.box], order=(0, 1, 2, 3))
    corner = image[y:y + height, x:x + width]
    cv2.addWeighted(panel, 0.85, corner, 0.15, 0, dst=corner)
    return x, y, width, height


def free_corner(image, size, taken, *, order):
    """Return x, y of the first corner at which what is `size` (width, height) covers least.

    taken: boxes that are not to be covered. order: of the corners, which are numbered lower left,
    lower right, upper left, upper right.
    """
    right, bottom = max(0, image.shape[1] - size[0]), max(0, image.shape[0] - size[1])
    corners = [(0, bottom), (right, bottom), (0, 0), (right, 0)]
    return min((corners[number] for number in order),
               key=lambda corner: sum(common_area((*corner, *size), box) for box in taken))


def common_area(first, second):
    """Return the pixels that two boxes (x, y, width, height) share."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(width, 0) * max(height, 0)


def bars(face, class_names, *, row):
    """Return a picture (row * classes, 8.5 * row, 3) uint8 of a face's probabilities; of None: 0 %.

    row: pixels of one bar.
    """
    width, scale = round(ROWS_WIDE * row), 0.55 * row / FONT_HEIGHT
    canvas = np.full((row * len(class_names), width, 3), BACKGROUND, dtype=np.uint8)
    margin = max(1, row // 12)
    for number, name in enumerate(class_names):
        share = 0.0 if face is None else float(face.probabilities[number])
        top, bottom = number * row + margin, (number + 1) * row - margin - 1
        cv2.rectangle(canvas, (margin, top), (margin + round(share * (width - 2 * margin)), bottom),
                      BAR_COLOR, cv2.FILLED)
        write_text(canvas, f"{name} {share:.0%}", (3 * margin, number * row + round(0.76 * row)),
                   scale, TEXT_COLOR)
    return canvas


def text_scale(image):
    """Return a font scale that reads alike on small and large images."""
    return max(SMALLEST_SCALE, min(image.shape[:2]) / 600)


def fitting_scale(text, width, largest):
    """Return the font scale with which a face's label leaves its neighbours in a group alone."""
    (text_width, _), _ = text_size(text, 1.0)
    return min(largest, max(SMALLEST_SCALE, LABEL_WIDTH * width / text_width))
