"""Makes web pages that open from the disk: each is one file, and loads nothing but its video."""

import base64
import hashlib
import os
import re
from html import unescape
from pathlib import Path
from urllib.parse import quote

import cv2
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.detection.outputs.drawing import clock
from pipeline.errors import UserError
from pipeline.files.wholefile import whole_file

TEMPLATES = Path(__file__).with_name("web")
OURS = b'<meta name="generator" content="emotion_detector.py">'
DESCRIPTION = re.compile(rb'<meta name="description" content="([^"]*)">')
QUALITY = 80  # of 100, of the pictures in a page


def template_of(name):
    """Return a function that makes a page's text from the template `name`.html and its values."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["clock"] = clock
    inlined = {}
    for what, files in (("style", ("page.css",)), ("script", ("common.js", f"{name}.js"))):
        paths = [TEMPLATES / file for file in files if (TEMPLATES / file).is_file()]
        text = "\n".join(path.read_text() for path in paths)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        inlined |= {what: Markup(text), f"{what}_hash": digest}
    return environment.get_template(f"{name}.html", globals=inlined).render


def require_own_index(path):
    """Raise UserError if an index would overwrite another program's file."""
    if path.is_file() and OURS not in path.read_bytes():
        raise UserError(f"{path}: is another program's, and would be overwritten; give --page "
                        "another folder")


def write_index(path):
    """Write the list of all pages in the folder of `path` and in its subfolders."""
    pages = []
    for page in sorted({*path.parent.rglob("[!.]*.html")} - {path}):
        text = page.read_bytes()
        if OURS in text:
            pages.append({"name": page.relative_to(path.parent).as_posix(),
                          "link": link(page, path),
                          "about": unescape(DESCRIPTION.search(text)[1].decode())})
    text = template_of("index")(pages=pages, title="Emotions", about=f"{len(pages)} pages")
    with whole_file(path) as partial:
        partial.write_text(text, "utf-8", "replace")


def link(path, page):
    """Return the relative URL that leads from a page to a file."""
    relative = os.path.relpath(path, Path(page).parent).replace(os.sep, "/")
    return quote(os.fsencode(relative))


def picture_url(image, side):
    """Return a BGR image as a data: URL, its long side at most `side`."""
    scale = min(1, side / max(image.shape[:2]))
    if scale < 1:
        size = [max(1, round(scale * length)) for length in image.shape[1::-1]]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return "data:image/jpeg;base64," + base64.b64encode(encoded).decode()


def face_url(image, box, side):
    """Return a face with a margin as a data: URL."""
    x, y, width, height = box
    margin = max(width, height) // 6
    return picture_url(image[max(0, y - margin):y + height + margin,
                             max(0, x - margin):x + width + margin], side)


def flat(described, before=""):
    """Return (name, value) of everything in a nested dict, such as ("source, width", "640")."""
    rows = []
    for name, value in described.items():
        name = before + name.replace("_", " ")
        if isinstance(value, list):
            value = {str(number): item for number, item in enumerate(value, start=1)}
        rows += flat(value, f"{name}, ") if isinstance(value, dict) else [(name, str(value))]
    return rows
