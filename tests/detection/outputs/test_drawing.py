import cv2
import numpy as np
import pytest

from pipeline.detection.faces.facetracker import UNSURE, Face
from pipeline.detection.outputs.drawing import (
    draw_bars,
    draw_faces,
    draw_label,
    fitting_scale,
    text_scale,
)


def drawn(width, emotion="happy"):
    """Return what is drawn of a face in a picture (900, 1600): True where something is."""
    image = np.zeros((900, 1600, 3), np.uint8)
    draw_faces(image, [Face(1, (700, 400, width, width), np.array([0.2, 0.8]), emotion)])
    return image.any(axis=2)


def test_a_label_is_little_wider_than_its_small_face():
    for width in (60, 120, 240):
        columns = np.flatnonzero(drawn(width).any(axis=0))
        assert columns[0] >= 695 and columns[-1] <= 700 + 1.7 * width


def test_a_large_faces_label_is_as_large_as_the_picture_has_it():
    scale = text_scale(np.zeros((900, 1600)))
    assert fitting_scale("happy 80%", 600, scale) == scale


def test_an_unsure_face_is_labelled_so():
    assert (drawn(200, UNSURE) != drawn(200, "happy")).any()


@pytest.mark.parametrize(("names", "size"), [
    (("happy", "müde", "грусть"), (300, 400)), ([f"class {n}" for n in range(24)], (480, 640))])
def test_every_class_has_its_bar_in_the_picture(names, size):
    for number in range(len(names)):
        image = np.full((*size, 3), 255, np.uint8)
        face = Face(1, (0, 0, 40, 40), np.eye(len(names))[number], names[number])
        x, y, width, height = draw_bars(image, face, names)
        row = height / len(names)
        assert y + height <= size[0] and row >= 14
        red = image[round(y + (number + 0.5) * row), x + width - 10].astype(int)
        assert red[2] - red[0] > 60, names[number]


@pytest.mark.parametrize("text", ["müde 80%", "грусть 80%"])
def test_letters_that_opencv_has_not_are_written(text):
    drawn = {}
    for word in (text, "?" * len(text), "mude 80%"):
        image = np.zeros((60, 400, 3), np.uint8)
        draw_label(image, word, 20, 50, 1.0, (0, 0, 0), (255, 255, 255))
        drawn[word] = image
    assert (drawn[text] != drawn["?" * len(text)]).any()
    rows, columns = np.nonzero(drawn[text].any(axis=2))
    plain = np.nonzero(drawn["mude 80%"].any(axis=2))[0]
    assert rows.max() < 55 and abs(rows.max() - plain.max()) <= 9 and columns.min() >= 20


@pytest.mark.parametrize("place", [(-30, 5), (380, 58), (-500, 30), (390, 500), (0, -40)])
def test_a_word_may_stand_out_of_the_picture(place):
    from pipeline.detection.outputs.lettering import write_text

    image = np.zeros((60, 400, 3), np.uint8)
    write_text(image, "müde", place, 1.0, (255, 255, 255))
    plain = np.zeros((60, 400, 3), np.uint8)
    cv2.putText(plain, "mude", place, cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255))
    if not plain.any():
        assert image.sum() < 255 * 3 * 40
