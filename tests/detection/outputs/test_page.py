"""Pages, as files and in Chromium."""

import base64
import json
import re
import time
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import alert_is_present
from selenium.webdriver.support.wait import WebDriverWait

from pipeline.detection.faces.facetracker import Face
from pipeline.detection.outputs.pages import VideoPage, moments_of
from pipeline.detection.outputs.runsummary import FaceStatistics
from pipeline.detection.outputs.webpages import flat
from pipeline.detection.runs.plan import Job
from pipeline.detection.sources.frame import Frame
from tests.conftest import SAMPLE_PICTURE, SAMPLE_VIDEO, fails_with, run_main
from tests.detection.outputs.chromium import chromium

HOSTILE = "<img src=x onerror=document.title=1>"
IMAGE = np.zeros((90, 160, 3), np.uint8)


def detect(*arguments):
    process = run_main("emotion_detector.py", "--no-display", *arguments)
    assert process.returncode == 0, process.stderr_text
    return process


def data_of(text):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>',
                                text, re.DOTALL)[1])


def page_of(folder, frames, names=("happy", "sad"), title="talk.mp4"):
    """Return a page's text. frames: of each (seconds, {number: probabilities}, is_cut)."""
    statistics = FaceStatistics(25)
    page = VideoPage(
        Job(title, annotated=Path("talk_annotated.mp4"), page=Path("talk.html")),
        SimpleNamespace(class_names=names, statistics=statistics, source=None, title=title,
                        described=dict))
    for index, (seconds, probabilities, is_cut) in enumerate(frames):
        frame = Frame(IMAGE, index, seconds, title, is_cut=is_cut)
        faces = [Face(number, (10, 10, 40, 40), np.float32(values), names[0])
                 for number, values in probabilities.items()]
        statistics.write(frame, faces)
        page.write(frame, faces)
    page.save(folder / "x.html")
    return (folder / "x.html").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the pages of a video and of pictures whose names are hostile."""
    folder = tmp_path_factory.mktemp("pages")
    video = folder / f"{HOSTILE}.mp4"
    video.write_bytes(SAMPLE_VIDEO.read_bytes())
    detect("--video", video, "--page", folder / "a#1 %.html", "--csv", folder / "x.csv")
    pictures = folder / "pictures"
    pictures.mkdir()
    sample = cv2.imread(str(SAMPLE_PICTURE))
    for name, picture in {f"{HOSTILE}.png": sample[:, :200], "b.png": sample[:, 200:],
                          "empty.png": IMAGE}.items():
        cv2.imwrite(str(pictures / name), picture)
    detect("--image", pictures, "--page", folder / "gallery.html")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def opened(browser, folder):
    """Chromium with the video's page, from the disk."""
    browser.get((folder / "a#1 %.html").as_uri())
    wait_until(browser, "return document.getElementById('video').readyState >= 3")
    return browser


def wait_until(browser, script):
    end = time.monotonic() + 20
    while not browser.execute_script(script):
        assert time.monotonic() < end, script
        time.sleep(0.02)


def at(browser):
    """Return the seconds at which the video is, once it does not seek any more."""
    wait_until(browser, "return !document.getElementById('video').seeking")
    return browser.execute_script("return document.getElementById('video').currentTime")


def element(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def test_the_numbers_are_those_of_the_table(folder):
    text = (folder / "a#1 %.html").read_text()
    data = data_of(text)
    rows = [row.split(",") for row in (folder / "x.csv").read_text().splitlines()[1:]]
    for face in data["faces"]:
        own = [row for row in rows if row[2] == str(face["number"])]
        frames = np.frombuffer(base64.b64decode(face["frames"]), "<u4")
        percent = np.frombuffer(base64.b64decode(face["percent"]), "u1").reshape(len(frames), -1)
        assert frames.tolist() == [int(row[0]) for row in own]
        wanted = 100 * np.array([row[7:-1] for row in own], float)
        assert np.abs(percent - wanted).max() <= 0.51
    milliseconds = np.frombuffer(base64.b64decode(data["milliseconds"]), "<u4")
    assert milliseconds.tolist() == [round(1000 * float(row[1])) for row in rows
                                     if row[2] == "1"]
    assert 'href="x.csv"' in text and "<dt>settings, smoothing</dt><dd>0.14</dd>" in text


def test_a_name_is_text_everywhere(folder, tmp_path):
    text = page_of(tmp_path, [(0, {1: (1, 0)}, False)], names=(HOSTILE, "</script><b>"),
                   title=HOSTILE)
    for page in (text, (folder / "gallery.html").read_text()):
        assert "<img src=x" not in page and "</script><b>" not in page
    assert data_of(text)["classes"] == [HOSTILE, "</script><b>"]
    assert unescape(re.search("<h1>(.*)</h1>", text)[1]) == HOSTILE


def test_cuts_and_the_largest_picture_of_a_face_are_kept(tmp_path):
    page = page_of(tmp_path, [(0, {}, False), (1, {2: (0.6, 0.4)}, True),
                              (2, {2: (0.6, 0.4)}, False)])
    assert data_of(page)["cuts"] == [1] and page.count("data:image/jpeg") == 1


def test_moments_are_stretches_of_half_a_second():
    seconds = np.array([0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.1, 2.0, 2.3, 2.6])
    happy = np.array([0.9, 0.8, 0.7, 0.6, 0.1, 0.2, 0.9, 0.7, 0.7, 0.7])
    found = moments_of(3, seconds, np.stack([happy, 1 - happy], axis=1), 0)
    assert [(moment["face"], moment["first"], moment["last"]) for moment in found] == [
        (3, 0, 0.6), (3, 2.0, 2.6)]
    assert found[0]["mean"] == pytest.approx(0.75)


def test_ten_minutes_of_three_faces_are_small(tmp_path):
    random = np.random.default_rng(0)
    faces = random.dirichlet(np.ones(6), (15_000, 3))
    text = page_of(tmp_path, [(number / 25, dict(enumerate(values, start=1)), False)
                    for number, values in enumerate(faces)], names=tuple("abcdef"))
    assert len(text) < 3e6


def test_settings_have_a_row_each():
    assert flat({"a": {"some_files": [{"b": 1}, {"b": 2}]}, "c": None}) == [
        ("a, some files, 1, b", "1"), ("a, some files, 2, b", "2"), ("c", "None")]


def test_a_folder_gets_an_index_of_all_its_pages(tmp_path):
    talks = tmp_path / "talks"
    (talks / "more").mkdir(parents=True)
    for name in ("first.mp4", "more/second & third.mp4"):
        (talks / name).write_bytes(SAMPLE_VIDEO.read_bytes())
    pages = tmp_path / "pages"
    for video in (talks / "first.mp4", talks):
        detect("--video", video, "--page", f"{pages}/", "--max-frames", 2, "--skip-existing")
    index = (pages / "index.html").read_text()
    assert re.findall('href="([^"]*html)"', index) == ["first.html",
                                                       "more/second%20%26%20third.html"]
    assert "second &amp; third.html</a> 0:00:00.1, 1 face<" in index
    assert (pages / "more" / "second & third_annotated.mp4").is_file()


def test_an_index_that_somebody_else_wrote_is_kept(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    line = fails_with("emotion_detector.py", "--video", SAMPLE_VIDEO, "--no-display", "--page",
                      tmp_path)
    assert "another program's" in line and (tmp_path / "index.html").read_text() == "mine"


@pytest.mark.parametrize(("arguments", "message"), [
    (("--page", "x.txt"), "expected .html"),
    (("--page", "x.html", "--output", "x.avi"), "browsers do not play it"),
    (("--page", "missing/x.html"), "no folder"),
])
def test_what_cannot_be_a_page_is_refused(tmp_path, arguments, message):
    paths = [tmp_path / word if "." in word else word for word in arguments]
    assert message in fails_with("emotion_detector.py", "--video", SAMPLE_VIDEO, "--no-display",
                                 *paths)
    assert not list(tmp_path.iterdir())


def test_a_page_plays_the_annotated_video_of_output(tmp_path):
    (tmp_path / "videos").mkdir()
    detect("--video", SAMPLE_VIDEO, "--start", 2, "--max-frames", 2, "--page",
           tmp_path / "x.html", "--output", tmp_path / "videos" / "a b.webm")
    text = (tmp_path / "x.html").read_text()
    assert 'src="videos/a%20b.webm"' in text and data_of(text)["start"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["videos", "x.html"]


def test_it_opens_without_an_error_and_asks_nobody_for_anything(opened, folder):
    opened.get_log("performance")
    opened.get((folder / "a#1 %.html").as_uri())
    wait_until(opened, "return document.getElementById('video').readyState >= 3")
    assert opened.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = {message["params"]["request"]["url"] for message in messages
             if message["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} == {
        (folder / name).as_uri() for name in ("a#1 %.html", "a#1 %_annotated.mp4")}


def test_hostile_names_are_text(opened):
    assert element(opened, "h1").text == f"{HOSTILE}.mp4" and opened.title == f"{HOSTILE}.mp4"


def test_a_click_at_half_of_the_timeline_moves_the_video_to_half(opened):
    element(opened, "#timeline").click()
    assert at(opened) == pytest.approx(3, abs=0.05)
    assert element(opened, "#time").text in ("0:00:02.9", "0:00:03.0")


@pytest.mark.parametrize("kind", ["mouse", "touch"])
def test_a_drag_in_the_timeline_moves_the_video_along(opened, kind):
    timeline = element(opened, "#timeline")
    opened.execute_script("""
        const [timeline, video] = [arguments[0], document.getElementById("video")];
        [window.visited, window.kinds] = [[], []];
        timeline.scrollIntoView({block: "center"});
        timeline.addEventListener("pointerdown", (event) => kinds.push(event.pointerType));
        video.addEventListener("seeking", () => visited.push(video.currentTime));""", timeline)
    pointer = ActionBuilder(opened, mouse=PointerInput(kind, kind), duration=100)
    action, width = pointer.pointer_action, timeline.size["width"]
    action.move_to(timeline, -width // 4, 0).pointer_down()
    for place in (-1, 0, 1):
        action.move_to(timeline, place * width // 4, 0)
    action.pointer_up()
    pointer.perform()
    assert at(opened) == pytest.approx(4.5, abs=0.1)
    visited, kinds = opened.execute_script("return [visited, kinds]")
    assert kinds == [kind]
    assert any(2.5 < seconds < 3.5 for seconds in visited) and visited == sorted(visited)
    element(opened, "body").send_keys(Keys.SPACE)  # and it does not hang on the pointer
    wait_until(opened, "return document.getElementById('video').currentTime > 4.8")


def test_the_time_is_copied(opened):
    opened.execute_cdp_cmd("Browser.grantPermissions", {
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    element(opened, "#timeline").click()
    at(opened)
    element(opened, "#copy").click()
    wait_until(opened, "return document.getElementById('copy').textContent === 'Copied'")
    assert opened.execute_script("return navigator.clipboard.readText()") == element(
        opened, "#time").text


def test_where_nothing_can_be_copied_the_time_is_shown(opened):
    opened.execute_script("navigator.clipboard.writeText = () => Promise.reject()")
    element(opened, "#copy").click()
    prompt = WebDriverWait(opened, 10).until(alert_is_present())
    assert prompt.text == "The time"
    prompt.dismiss()


def test_keys_step_play_and_zoom(opened):
    body = element(opened, "body")
    body.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert at(opened) == pytest.approx(0.1, abs=0.01)
    body.send_keys(Keys.ARROW_LEFT)
    assert at(opened) == pytest.approx(0.05, abs=0.01)
    element(opened, "#timeline").send_keys(Keys.END)
    assert at(opened) == pytest.approx(5.95, abs=0.01)
    element(opened, "#timeline").send_keys(Keys.HOME)
    assert at(opened) < 0.01
    ticks = element(opened, "#ticks").text
    body.send_keys("++")
    assert element(opened, "#ticks").text != ticks
    body.send_keys("-")
    zoomed = element(opened, "#ticks").text
    element(opened, "#whole").click()
    assert element(opened, "#ticks").text == ticks != zoomed
    body.send_keys(Keys.SPACE)
    wait_until(opened, "return document.getElementById('video').currentTime > 0.3")
    body.send_keys(Keys.SPACE)
    assert opened.execute_script("return document.getElementById('video').paused")


def test_a_chosen_face_changes_the_timeline_and_leads_to_where_it_is_first_seen(opened):
    picture = "return document.querySelector('.timeline canvas').toDataURL()"
    before = opened.execute_script(picture)
    second = element(opened, '#faces [data-face="2"]')
    second.click()
    assert at(opened) == pytest.approx(3, abs=0.05)
    assert second.get_attribute("aria-pressed") == "true"
    assert element(opened, "#chosen").text == "face 2"
    assert opened.execute_script(picture) != before


def test_the_bars_are_those_of_the_moment(opened):
    element(opened, "#moments [data-of='2']").click()
    at(opened)
    numbers, shown = opened.execute_script("""
        const face = window.emotions.faces.find((one) => one.number === 2);
        return [[...face.percent.slice(0, 6)],
                [...document.querySelectorAll('#now div:first-child .emotion')].map(
                    (row) => row.textContent)];""")
    names = opened.execute_script("return window.emotions.classes")
    assert shown == [f"{name}{number}%" for name, number in zip(names, numbers)]
    spoken = element(opened, "#timeline").get_attribute("aria-valuetext")
    assert spoken.startswith("0:00:03.0, ") and "face 2 happy" in spoken


def test_text_has_a_contrast_of_four_and_a_half_in_both_schemes(opened):
    for scheme in ("light", "dark"):
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        colors = {name: opened.execute_script("""
            document.body.style.outlineColor = `var(--${arguments[0]})`;
            return getComputedStyle(document.body).outlineColor;""", name)
            for name in ("back", "raised", "text", "soft", "accent")}
        light = {name: luminance(color) for name, color in colors.items()}
        for back in ("back", "raised"):
            for front in ("text", "soft", "accent"):
                low, high = sorted((light[back], light[front]))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (scheme, back, front)


def luminance(color):
    """Return the relative luminance of "rgb(r, g, b)", as WCAG 2 has it."""
    parts = np.array(re.findall(r"\d+", color), float) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_pictures_are_sorted_by_an_emotion_and_those_without_a_face_are_apart(browser, folder):
    browser.get((folder / "gallery.html").as_uri())
    names = "return [...document.querySelectorAll('#gallery a')].map((a) => a.textContent)"
    assert browser.execute_script(names) == [f"{HOSTILE}.png", "b.png"]
    assert element(browser, "#without a").text == "empty.png"
    element(browser, "#sort").send_keys("happy")
    assert browser.execute_script(names) == ["b.png", f"{HOSTILE}.png"]
    assert browser.get_log("browser") == []
