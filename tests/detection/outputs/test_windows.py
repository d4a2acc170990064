import os
import signal
import subprocess
import sys
import time

import cv2
import pytest

from tests.conftest import ROOT, SAMPLE_PICTURE
from tests.detection.clips import at_rate, write_clip
from tests.detection.outputs.virtualdisplay import needs_display, virtual_display

pytestmark = needs_display


@pytest.fixture
def display(tmp_path):
    with virtual_display(tmp_path, (1024, 768)) as display:
        yield display


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two minutes of the sample, over and over."""
    folder = tmp_path_factory.mktemp("clip")
    path = folder / "long.avi"
    source = write_clip(folder / "part.ts", at_rate(120))
    path.write_bytes(20 * source.read_bytes())
    return path


def shown(display, *arguments):
    return subprocess.Popen(
        [sys.executable, ROOT / "emotion_detector.py", *map(str, arguments)], text=True,
        env={**os.environ, "DISPLAY": display.name}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)


def ends(process, seconds=60):
    """Return the exit status of a process that ends soon."""
    try:
        _, stderr = process.communicate(timeout=seconds)
    finally:
        process.kill()
    assert "Traceback" not in stderr
    return process.returncode


def test_they_stand_side_by_side_and_fit_the_screen(display, tmp_path):
    large = cv2.resize(cv2.imread(str(SAMPLE_PICTURE)), (3840, 2160))
    cv2.imwrite(str(tmp_path / "large.jpg"), large)
    process = shown(display, "--image", tmp_path / "large.jpg")
    until = time.monotonic() + 60
    while time.monotonic() < until:  # they are moved once they are there
        x, y, width, height = display.box("Face")
        left, top, panel_width, panel_height = display.box("Probabilities")
        if x + width <= left and width != 4 * height / 3:  # OpenCV's own size for a new window
            break
    while time.monotonic() < until:  # and drawn a little later
        time.sleep(0.5)
        x, y, width, height = display.box("Face")
        left, top, panel_width, panel_height = display.box("Probabilities")
        screen = display.screen()
        face = screen[y:y + height, x:x + width]
        panel = screen[top:top + panel_height, left:left + panel_width]
        if face.std() > 20 and panel.max() == 255:
            break
    assert x + width <= left and left + panel_width <= 1024
    assert max(y + height, top + panel_height) <= 768
    assert width / height == pytest.approx(3840 / 2160, rel=0.02)
    assert face.std() > 20
    assert panel.max() == 255
    display.press("Face", "space")
    assert ends(process) == 0


def test_a_file_is_shown_at_its_own_pace(display, tmp_path):
    process = shown(display, "--video", write_clip(tmp_path / "x.mp4", at_rate(50)))
    display.window("Face")
    began = time.monotonic()
    assert ends(process) == 0
    assert time.monotonic() - began > 2


@pytest.mark.parametrize("key", ["q", "Escape"])
def test_keys_end_it(display, clip, key):
    process = shown(display, "--video", clip)
    display.press("Face", key)
    assert ends(process) == 0


@pytest.mark.parametrize("title", ["Face", "Probabilities"])
def test_the_close_button_ends_it(display, clip, title):
    process = shown(display, "--video", clip)
    time.sleep(1)
    display.close(title)
    assert ends(process) == 0


def test_space_pauses_and_a_signal_ends_the_pause(display, clip, tmp_path):
    process = shown(display, "--video", clip, "--csv", tmp_path / "x.csv")
    display.window("Face")
    time.sleep(1)
    display.press("Face", "space")
    time.sleep(2)
    before = display.screen().copy()
    time.sleep(1)
    assert (display.screen() == before).all()
    display.press("Face", "space")
    until = time.monotonic() + 60
    while (display.screen() == before).all():
        assert time.monotonic() < until, "it does not go on"
        time.sleep(0.2)
    display.press("Face", "space")
    process.send_signal(signal.SIGINT)
    assert ends(process) == 130
    assert (tmp_path / "x.csv").read_text().count("\n") > 2
