"""python -m pipeline.getyunet, against a server of its own."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline import getyunet
from pipeline.detection.faces.detectormodel import KNOWN
from tests.conftest import fails_with, run_main

FILE = bytes(range(250)) * 1000
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:8f2383e4\nsize 232589\n"


@contextmanager
def server(content, status=200, length=None):
    """Yield the address of a server that answers with these bytes, and announces `length`."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/yunet.onnx"
        finally:
            http.shutdown()


@pytest.fixture(autouse=True)
def file_to_fetch(monkeypatch):
    """Let FILE take the place of YuNet's, which does not ship."""
    monkeypatch.setattr(getyunet, "SIZE", len(FILE))
    monkeypatch.setattr(getyunet, "SHA256", hashlib.sha256(FILE).hexdigest())
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def fetch_from(monkeypatch, address, output, run):
    monkeypatch.setattr(getyunet, "ADDRESS", address)
    return run("pipeline.getyunet", "--output", output)


def test_the_file_is_put_in_place_with_its_licence(tmp_path, monkeypatch):
    output = tmp_path / "new" / "yunet.onnx"
    with server(FILE) as address:
        process = fetch_from(monkeypatch, address, output, run_main)
    assert process.returncode == 0, process.stderr_text
    assert output.read_bytes() == FILE
    assert "MIT licence" in process.stdout_text
    assert [path.name for path in output.parent.iterdir()] == ["yunet.onnx"]


@pytest.mark.parametrize(("content", "status", "length", "expected"), [
    (POINTER, 200, None, "another file of 75 bytes, expected YuNet's 250,000"),
    (FILE[:1000], 200, len(FILE), "1,000 bytes"),
    (FILE[:-1] + b"x", 200, None, "another file of 250,000 bytes"),
    (FILE + b"x", 200, None, "another file of 250,001 bytes"),
    (b"", 404, None, "Not Found"),
])
def test_what_is_not_the_file_is_one_line_and_the_earlier_file_stays(
        tmp_path, monkeypatch, content, status, length, expected):
    output = tmp_path / "yunet.onnx"
    output.write_bytes(b"earlier")
    with server(content, status, length) as address:
        line = fetch_from(monkeypatch, address, output, fails_with)
    assert expected in line and getyunet.PAGE in line
    assert output.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [output]


def test_no_network_is_one_line(tmp_path, monkeypatch):
    with server(FILE) as address:
        pass  # nobody listens there any more
    line = fetch_from(monkeypatch, address, tmp_path / "yunet.onnx", fails_with)
    assert "Connection refused" in line
    assert list(tmp_path.iterdir()) == []


def test_the_checksum_is_that_of_a_file_that_the_detector_knows(monkeypatch):
    monkeypatch.undo()
    assert getyunet.SHA256 in KNOWN
    assert getyunet.NAME in getyunet.ADDRESS
