"""The live page: whom it lets in, and that viewers cost the run nothing."""

import base64
import json
import re
import signal
import socket
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from pipeline.commandline import address
from pipeline.detection.faces.facetracker import Face
from pipeline.detection.outputs import livepage
from pipeline.detection.outputs.livepage import LivePage, is_expected
from pipeline.detection.sources.frame import Frame
from pipeline.errors import UserError
from tests.conftest import SAMPLE_VIDEO, start_script
from tests.detection.outputs.chromium import chromium

TOKEN = "the-token"
IMAGE = np.zeros((90, 160, 3), np.uint8)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(stop=None, **options):
    stop = stop or SimpleNamespace(requested=False)
    page = LivePage("127.0.0.1", free_port(), TOKEN, ("happy", "sad"),
                    **{"live": True, "pictures": False, "stop": stop} | options)
    with page:
        yield page


@pytest.fixture
def page():
    with served() as page:
        show(page, 0)
        yield page


def show(page, number):
    face = Face(1, (0, 0, 9, 9), np.float32((0.9, 0.1)), "happy")
    page.write(Frame(IMAGE, number, number / 25, "x"), [face])


def ask(page, path, method="GET", **headers):
    """Return the status, the headers and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", page._port, timeout=10)
    connection.request(method, path, headers={
        name.title().replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    result = answer.status, answer.headers, answer.read()
    connection.close()
    return result


def ask_with_token(page, path, method="GET", **headers):
    return ask(page, path, method, cookie=f"emotions={TOKEN}", **headers)


def raw(page, content):
    """Return the first bytes of the answer to bytes, or none if the connection is closed."""
    with (socket.create_connection(("127.0.0.1", page._port), timeout=10) as connection,
          suppress(ConnectionError)):
        connection.sendall(content)
        return connection.recv(64)
    return b""


def test_the_address_leads_to_the_page_and_its_token_into_a_cookie(page):
    status, headers, _ = ask(page, f"/?token={TOKEN}")
    assert (status, headers["Location"]) == (303, "/")
    assert headers["Set-Cookie"].startswith(f"emotions={TOKEN};")
    assert {"HttpOnly", "SameSite=Strict"} <= set(headers["Set-Cookie"].split("; "))
    status, headers, text = ask_with_token(page, "/")
    assert status == 200 and b"Content-Security-Policy" in text
    data = json.loads(re.search(rb'<script id="data"[^>]*>(.*?)</script>', text)[1])
    assert data["classes"] == ["happy", "sad"] and data["notes"][0]["faces"] == {"1": [90, 10]}
    status, _, text = ask_with_token(page, "/newest?after=-1")
    newest = json.loads(text)
    assert status == 200 and newest["number"] == 1 and newest["faces"] == {"1": [90, 10]}
    assert newest["picture"].startswith("data:image/jpeg;base64,") and not newest["paused"]


REFUSED = {  # (status, path, method, headers)
    "no token": (403, "/", "GET", {}),
    "no token for a picture": (403, "/newest", "GET", {}),
    "no token for a button": (403, "/end", "POST", {}),
    "a wrong token": (403, "/?token=wrong", "GET", {}),
    "a wrong token that is not ASCII": (403, "/", "GET", {"cookie": "emotions=wr\u00f6ng"}),
    "another Host": (403, f"/?token={TOKEN}", "GET", {"host": "evil.example"}),
    "a damaged Host": (403, f"/?token={TOKEN}", "GET", {"host": "[evil"}),
    "another Origin": (403, f"/end?token={TOKEN}", "POST", {"origin": "http://evil.example"}),
    "a hidden Origin": (403, f"/end?token={TOKEN}", "POST", {"origin": "null"}),
    "..": (404, f"/../../etc/passwd?token={TOKEN}", "GET", {}),
    ".. in percent": (404, f"/%2e%2e/%2e%2e/etc/passwd?token={TOKEN}", "GET", {}),
    "GET of a button": (405, f"/end?token={TOKEN}", "GET", {}),
    "another method": (405, f"/newest?token={TOKEN}", "DELETE", {}),
    "a header of 1 MB": (400, f"/?token={TOKEN}", "GET", {"cookie": "x" * 1_000_000}),
}
MALFORMED = {
    "nonsense": b"nonsense\r\n\r\n", "zeros": b"\0" * 100,
    "HTTP 9.9": b"GET / HTTP/9.9\r\n\r\n", "no path": b"GET\r\n\r\n",
    "a negative length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("request_", REFUSED)
def test_others_are_refused(page, request_):
    status, path, method, headers = REFUSED[request_]
    assert ask(page, path, method, **headers)[0] == status
    assert not page._stop.requested and not page.paused
    assert ask_with_token(page, "/newest")[0] == 200
    print(f"{request_}: {status}")


@pytest.mark.parametrize("request_", MALFORMED)
def test_malformed_requests_are_refused(page, request_):
    answer = raw(page, MALFORMED[request_])
    assert not answer or answer.split()[1] in (b"400", b"403", b"505")
    assert ask_with_token(page, "/newest")[0] == 200
    print(f"{request_}: {answer.split()[1].decode() if answer else 'closed'}")


def test_a_thousand_silent_connections_are_closed(page, monkeypatch):
    monkeypatch.setattr(livepage, "PATIENCE", 0.5)
    silent = []
    for _ in range(10):  # 1,000 in all, not more at a time than a process may have open
        for _ in range(100):
            silent.append(socket.create_connection(("127.0.0.1", page._port), timeout=10))
        show(page, 1)
        for connection in silent:
            with suppress(ConnectionError):
                assert connection.recv(1) == b""
            connection.close()
        silent.clear()
    assert ask_with_token(page, "/newest")[0] == 200


def test_the_buttons_pause_and_end(page):
    assert ask_with_token(page, "/pause", "POST", origin=f"http://127.0.0.1:{page._port}",
                          host=f"127.0.0.1:{page._port}")[0] == 200
    assert page.paused
    assert ask_with_token(page, "/pause", "POST")[0] == 200 and not page.paused
    assert ask_with_token(page, "/end", "POST")[0] == 200 and page._stop.requested


def test_without_a_viewer_no_jpeg_is_made_and_with_many_one(page, monkeypatch):
    made = []
    encode = cv2.imencode
    monkeypatch.setattr(cv2, "imencode",
                        lambda *arguments: made.append(1) or encode(*arguments))
    for number in range(1, 50):
        show(page, number)
    assert made == []
    for _ in range(5):
        assert ask_with_token(page, "/newest")[0] == 200
    assert made == [1]


def test_a_large_picture_is_shown_smaller(page):
    time.sleep(1 / livepage.MOST_SHOWN)
    page.write(Frame(np.zeros((1080, 1920, 3), np.uint8), 1, 1, "x"), [])
    picture = json.loads(ask_with_token(page, "/newest")[2])["picture"].split(",")[1]
    image = cv2.imdecode(np.frombuffer(base64.b64decode(picture), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (540, livepage.LONGEST_SIDE, 3)


def test_the_seventeenth_viewer_is_refused(page):
    waiting = [HTTPConnection("127.0.0.1", page._port, timeout=10) for _ in range(17)]
    for connection in waiting:
        connection.request("GET", f"/newest?after=1&token={TOKEN}")
    end = time.monotonic() + 10
    while page._viewers < livepage.MOST_VIEWERS and time.monotonic() < end:
        time.sleep(0.01)
    assert waiting[16].getresponse().status == 503
    time.sleep(1 / livepage.MOST_SHOWN)
    show(page, 1)
    assert [connection.getresponse().status for connection in waiting[:16]] == [200] * 16
    for connection in waiting:
        connection.close()


def test_a_file_plays_at_its_own_pace():
    with served(live=False) as page:
        began = time.monotonic()
        for number in range(11):
            show(page, number)
        assert time.monotonic() - began >= 0.4


def test_the_next_video_has_the_same_address():
    port = free_port()
    for number in range(2):
        page = LivePage("127.0.0.1", port, TOKEN, ("happy", "sad"), live=True, pictures=False,
                        stop=SimpleNamespace(requested=False))
        with page:
            show(page, number)
            assert ask_with_token(page, "/newest")[0] == 200


def test_a_port_that_is_taken_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        page = LivePage("127.0.0.1", taken.getsockname()[1], TOKEN, ("a",), live=True,
                        pictures=False, stop=None)
        with pytest.raises(UserError, match="cannot listen there"):
            page.__enter__()


def test_host_headers():
    assert all(is_expected(header, "127.0.0.1") for header in (
        "localhost:1", "127.0.0.1", "[::1]:80", "192.168.1.7:8000"))
    assert not any(is_expected(header, "0.0.0.0") for header in ("evil.example:80", "", "["))
    assert is_expected("pi.local:80", "pi.local")


def test_addresses():
    assert address("8000") == ("127.0.0.1", 8000) and address("[::1]:80") == ("::1", 80)
    assert address("0.0.0.0:80") == ("0.0.0.0", 80)


def test_a_browser_sees_moving_pictures_and_ctrl_c_ends_the_run(tmp_path):
    (tmp_path / "profile").mkdir()
    with chromium(tmp_path / "profile") as browser:
        process = start_script("emotion_detector.py", "--video", SAMPLE_VIDEO, "--serve",
                               free_port(), "--csv", tmp_path / "x.csv")
        browser.get(re.search(r"http://\S+", process.stderr.readline())[0])
        end = time.monotonic() + 20
        while browser.execute_script("return window.shown") < 3:
            assert time.monotonic() < end
        assert browser.get_log("browser") == []
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.communicate(timeout=30)
        assert time.monotonic() - began < 10 and process.returncode in (0, 130)
        assert (tmp_path / "x.csv").is_file() and (tmp_path / "x.json").is_file()
