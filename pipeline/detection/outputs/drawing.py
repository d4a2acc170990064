"""Draws faces and emotions."""

import time

import cv2
import numpy as np

# BGR
BOX_COLOR = (80, 200, 60)
TEXT_COLOR = (255, 255, 255)
BACKGROUND = (45, 40, 38)
BAR_COLOR = (60, 60, 210)

FONT = cv2.FONT_HERSHEY_SIMPLEX
SMALLEST_SCALE = 0.35  # of a font that can be read
LABEL_WIDTH = 1.5  # of a face's label at most, by the width of its box
BAR_WIDTH, BAR_HEIGHT = 300, 35  # pixels of one bar of the probabilities' window


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
        if faces:
            draw_bars(frame.image, faces[0], self._class_names)
        if self._with_rate and self._last is not None:
            # A mean over about the last twenty frames.
            self._rate += (1 / max(now - self._last, 1e-6) - self._rate) * (
                0.05 if self._rate else 1)
            draw_rate(frame.image, self._rate)
        self._last = now


def draw_faces(image, faces):
    """Draw each face's box, emotion and its percentage on an image (height, width, 3) uint8."""
    scale = text_scale(image)
    for face in faces:
        x, y, width, height = face.box
        text = f"{face.emotion} {face.probabilities.max():.0%}"
        cv2.rectangle(image, (x, y), (x + width, y + height), BOX_COLOR, max(1, round(2 * scale)))
        draw_label(image, text, x, y, fitting_scale(text, width, scale), BOX_COLOR)


def draw_label(image, text, x, y, scale, background):
    """Draw text on a filled background above y, or below it at the top border."""
    (width, height), baseline = cv2.getTextSize(text, FONT, scale, 1)
    bottom = y if y >= height + 2 * baseline else y + height + 2 * baseline
    x = max(0, min(x, image.shape[1] - width - baseline))
    cv2.rectangle(image, (x, bottom - height - 2 * baseline), (x + width + baseline, bottom),
                  background, cv2.FILLED)
    cv2.putText(image, text, (x + baseline // 2, bottom - baseline), FONT, scale, TEXT_COLOR,
                max(1, round(scale)), cv2.LINE_AA)


def draw_rate(image, frames_per_second):
    """Write the frames per second into the lower right corner."""
    scale = 0.8 * text_scale(image)
    text = f"{frames_per_second:.0f} frames/s"
    (width, _), baseline = cv2.getTextSize(text, FONT, scale, 1)
    x = image.shape[1] - width - 2 * baseline
    draw_label(image, text, x, image.shape[0], scale, BACKGROUND)


def draw_bars(image, face, class_names):
    """Draw a face's probabilities as small bars into the lower left corner."""
    side = min(image.shape[:2])
    panel = bars(face, class_names)
    factor = min(1.0, 0.4 * side / panel.shape[0])
    size = (round(panel.shape[1] * factor), round(panel.shape[0] * factor))
    if min(size) < 1:
        return
    corner = image[image.shape[0] - size[1]:, :size[0]]
    panel = cv2.resize(panel, size, interpolation=cv2.INTER_AREA)[:, :corner.shape[1]]
    cv2.addWeighted(panel, 0.75, corner, 0.25, 0, dst=corner)


def bars(face, class_names):
    """Return a picture (35 * classes, 300, 3) uint8 of a face's probabilities; of none: empty."""
    canvas = np.full((BAR_HEIGHT * len(class_names), BAR_WIDTH, 3), BACKGROUND, dtype=np.uint8)
    for row, name in enumerate(class_names):
        share = 0.0 if face is None else float(face.probabilities[row])
        top = row * BAR_HEIGHT + 4
        cv2.rectangle(canvas, (5, top), (5 + round(share * (BAR_WIDTH - 10)), top + BAR_HEIGHT - 8),
                      BAR_COLOR, cv2.FILLED)
        cv2.putText(canvas, f"{name}: {share:.0%}", (12, top + 20), FONT, 0.55, TEXT_COLOR, 1,
                    cv2.LINE_AA)
    return canvas


def text_scale(image):
    """Return a font scale that reads alike on small and large images."""
    return max(SMALLEST_SCALE, min(image.shape[:2]) / 600)


def fitting_scale(text, width, largest):
    """Return the font scale with which a face's label leaves its neighbours in a group alone."""
    (text_width, _), _ = cv2.getTextSize(text, FONT, 1.0, 1)
    return min(largest, max(SMALLEST_SCALE, LABEL_WIDTH * width / text_width))
