"""notebooks/tour.ipynb runs, and its outputs are what it gives."""

import re

import nbformat
from nbclient import NotebookClient

from tests.conftest import ROOT, environment

TOUR = ROOT / "notebooks" / "tour.ipynb"


def outputs_of(notebook):
    """Return the kind of each output and its text, without numbers and spaces."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = output.get("text", "") or data.get("text/plain", "")
            if found and output.output_type == "stream" == found[-1][0]:
                text = found.pop()[2] + text
            found.append([output.output_type, "image/png" in data, re.sub(r"[\d.\s]+", "", text)])
    return found


def test_the_tour_runs_and_gives_the_outputs_that_it_shows(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    shown = nbformat.read(TOUR, as_version=4)
    nbformat.validate(shown)
    run = nbformat.read(TOUR, as_version=4)
    client = NotebookClient(run, timeout=300, resources={"metadata": {"path": str(TOUR.parent)}})
    client.execute(env=environment())
    assert outputs_of(run) == outputs_of(shown)
    assert sum(has_picture for _, has_picture, _ in outputs_of(shown)) == 5
    assert not any("/tmp" in str(cell) or str(ROOT) in str(cell) for cell in shown.cells)
