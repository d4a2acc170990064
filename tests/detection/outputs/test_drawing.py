import numpy as np

from pipeline.detection.faces.facetracker import UNSURE, Face
from pipeline.detection.outputs.drawing import draw_faces, fitting_scale, text_scale


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
