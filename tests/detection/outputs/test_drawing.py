import cv2
import numpy as np
import pytest

from pipeline.detection.faces.facetracker import UNSURE, Face
from pipeline.detection.outputs.drawing import (
    EMOTION_COLORS,
    Annotator,
    bgr,
    clock,
    colors_of,
    draw_faces,
    fitting_size,
    freest_corner,
    label_of,
    letter_size,
    panel_of,
)
from pipeline.detection.sources.frame import Frame

NAMES = ("angry", "happy")
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def face(box, number=1, emotion="happy", probabilities=(0.2, 0.8)):
    return Face(number, box, np.array(probabilities), emotion)


def drawn(width, **about_face):
    """Return what is drawn of a face in a picture (900, 1600): True where something is."""
    image = np.zeros((900, 1600, 3), np.uint8)
    draw_faces(image, [face((700, 400, width, width), **about_face)])
    return image.any(axis=2)


def test_a_label_is_little_wider_than_its_small_face():
    for width in (100, 160, 240):
        columns = np.flatnonzero(drawn(width).any(axis=0))
        assert columns[0] >= 695 and columns[-1] <= 700 + 1.7 * width


def test_a_large_faces_label_is_as_large_as_the_picture_has_it():
    size = letter_size(np.zeros((900, 1600)))
    assert fitting_size("1 happy 80%", 600, size) == size


@pytest.mark.parametrize("changed", [{"emotion": UNSURE}, {"number": 2},
                                     {"probabilities": (0.3, 0.7)}])
def test_a_label_has_the_faces_number_emotion_and_percentage(changed):
    assert (drawn(200, **changed) != drawn(200)).any()


@pytest.mark.parametrize("names", [
    ("happy", "müde", "грусть"), tuple(f"class {n}" for n in range(24))], ids=len)
def test_every_class_has_a_bar_of_its_color_in_the_panel(names):
    row = 18
    for number, color in enumerate(colors_of(names)):
        panel = panel_of(face((0, 0, 9, 9), probabilities=np.eye(len(names))[number]), names, row)
        assert panel.shape == (row * (len(names) + 1), 8 * row, 3)
        bars = [panel[(place + 1) * row - 2, panel.shape[1] - 6].tolist()
                for place in range(1, len(names) + 1)]
        assert bars[number] == list(bgr(color))
        assert sum(bar == list(bgr(color)) for bar in bars) == 1


def test_the_panel_has_the_faces_number():
    panels = [panel_of(shown, NAMES, 20)
              for shown in (None, face((0, 0, 9, 9)), face((0, 0, 9, 9), number=7))]
    assert (panels[1][:20] != panels[0][:20]).any() and (panels[1][:20] != panels[2][:20]).any()
    assert (panels[1][20:] == panels[2][20:]).all()


@pytest.mark.parametrize("text", ["müde 80%", "грусть 80%"])
def test_letters_that_opencv_does_not_have_are_written(text):
    label = label_of(text, 20, WHITE, BLACK)
    assert not np.array_equal(label, label_of("?" * len(text), 20, WHITE, BLACK))
    assert label.shape[0] == label_of("mude 80%", 20, WHITE, BLACK).shape[0]


def annotated(size, faces, *, seconds=0.0, with_time=True):
    """Return a black picture (height, width, 3) with all that is drawn on it."""
    frame = Frame(np.zeros((*size, 3), np.uint8), 0, seconds, "x")
    Annotator(NAMES, with_time=with_time).write(frame, faces)
    return frame.image


def test_the_panel_covers_no_face():
    size = (480, 640)
    for box in ((0, 240, 200, 200), (440, 240, 200, 200), (0, 30, 200, 200), (300, 100, 50, 50)):
        covering = annotated(size, [face(box)], with_time=False)
        x, y, width, height = box
        inside = covering[y + 3:y + height - 2, x + 3:x + width - 2]
        assert not inside.any()
        assert (covering == bgr(EMOTION_COLORS["happy"])).all(axis=2).any()


def test_without_a_free_corner_there_is_no_panel():
    faces = [face((x, y, 200, 200), number=n) for n, (x, y) in enumerate(
        [(0, 20), (440, 20), (0, 260), (440, 260)])]
    assert not (annotated((480, 640), faces) == bgr(EMOTION_COLORS["happy"])).all(axis=2).any()


def test_the_panel_stays_in_its_corner_while_it_can():
    annotator, places = Annotator(NAMES, with_time=False), []
    for box in ((300, 100, 50, 50), (0, 380, 90, 90), (300, 100, 50, 50)):
        frame = Frame(np.zeros((480, 640, 3), np.uint8), 0, 0.0, "x")
        annotator.write(frame, [face(box)])
        bar = np.argwhere((frame.image == bgr(EMOTION_COLORS["happy"])).all(axis=2))
        places.append(tuple(bar[0] > (240, 320)))
    assert places == [(True, False), (True, True), (True, True)]


def test_the_time_is_drawn_for_videos_alone():
    assert annotated((240, 432), []).any()
    assert not annotated((240, 432), [], with_time=False).any()
    assert (annotated((240, 432), [], seconds=1) != annotated((240, 432), [])).any()


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0:00:00.0"), (3.44, "0:00:03.4"), (59.96, "0:01:00.0"), (754.25, "0:12:34.2"),
    (36_000, "10:00:00.0")])
def test_the_clock_shows_hours_minutes_and_seconds(seconds, text):
    assert clock(seconds) == text


def test_the_freest_corner_covers_least():
    image, picture = np.zeros((100, 200, 3)), np.zeros((20, 50, 3))
    assert freest_corner(image, picture, [], 2) == (2, (0, 0, 50, 20), 0)
    assert freest_corner(image, picture, [(0, 0, 200, 80)], 2) == (0, (0, 80, 50, 20), 0)
    assert freest_corner(image, picture, [(0, 0, 9, 9), (0, 0, 200, 90)], 2) == (
        0, (0, 80, 50, 20), 1)


def test_images_smaller_than_what_is_drawn_are_drawn_on():
    for size in ((1, 1), (2, 500), (500, 2), (23, 32)):
        assert annotated(size, [face((0, 0, 1, 1))]).shape == (*size, 3)


def test_many_classes_have_a_color_each():
    for count in (7, 8, 24):
        names = ("sad", *(f"class {number}" for number in range(count)))
        assert len(set(colors_of(names))) == count + 1


def test_emotions_have_their_own_colors_and_others_one_each():
    bored, happy, tired = colors_of(("bored", "happy", "tired"))
    assert happy == EMOTION_COLORS["happy"] and bored != tired
    assert len({*EMOTION_COLORS.values(), bored, tired}) == 10


def test_text_stands_out_from_its_background():
    def luminance(color):
        return cv2.cvtColor(np.uint8([[color]]), cv2.COLOR_BGR2GRAY)[0, 0]

    label = label_of("happy", 40, (0, 0, 0), (80, 200, 60))
    assert luminance(label.reshape(-1, 3).min(axis=0)) < 20
