"""Recorded runs, and the documents that are held to them."""

import json

from tests.conftest import ROOT

RESULTS = ROOT / "results"
SHIPPED = 8  # the experiment whose network ships


def recorded(number, name="curve"):
    """Return what a recorded run of an experiment wrote to results/NUMBER/NAME.json."""
    return json.loads((RESULTS / str(number) / f"{name}.json").read_text())


def best_epoch(accuracies):
    return 1 + max(range(len(accuracies)), key=accuracies.__getitem__)


def document(name):
    """Return a document's text, and the same as one line, to look for sentences in."""
    text = (ROOT / name).read_text()
    return text, " ".join(text.split())


def rows(text, start="| "):
    """Return the cells of the table rows that begin so."""
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in text.splitlines() if line.startswith(start)]


def table(text, header):
    """Return the cells of the rows of the table whose header begins so."""
    lines = text[text.index(header):].split("\n\n")[0].splitlines()
    return rows("\n".join(lines[2:]))
