"""The figures of docs/benchmarks.md are those of the recorded benchmarks."""

import re

from tests.docs.records import RESULTS, document

TEXT, _ = document("docs/benchmarks.md")


def test_every_figure_of_speed_and_of_the_peer_stands_in_a_recorded_benchmark():
    logs = " ".join(path.read_text() for path in (RESULTS / "benchmarks").glob("*.txt"))
    figures = re.findall(
        r"(?<![\w.])(\d+(?:[.,]\d+)*)"
        r"(?:%|\s(?:frames/s|% of frames|MB|s\b|ms|augmented|training))", TEXT)
    assert figures
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", logs), figure
