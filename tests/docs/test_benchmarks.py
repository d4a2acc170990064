"""The figures of docs/benchmarks.md are those of the recorded benchmarks."""

import importlib
import re

import pytest

from tests.conftest import ROOT
from tests.docs.records import RESULTS, document, table

TEXT, _ = document("docs/benchmarks.md")
BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))


def test_every_figure_of_speed_and_of_the_peer_stands_in_a_recorded_benchmark():
    logs = " ".join(path.read_text() for path in (RESULTS / "benchmarks").glob("*.txt"))
    figures = re.findall(
        r"(?<![\w.])(\d+(?:[.,]\d+)*)"
        r"(?:%|\s(?:frames/s|% of frames|MB|s\b|ms|augmented|training))", TEXT)
    assert figures
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", logs), figure


def found_in(log, pattern):
    """Return what a pattern's groups match, line by line, in a recorded log."""
    return re.findall(pattern, (RESULTS / "benchmarks" / log).read_text(), re.MULTILINE)


def test_the_rows_of_the_detector_are_those_of_its_log():
    expected = found_in("detector.txt", r"^.* ([\d.]+ frames/s), a face in ([\d.]+)%")
    assert [(rate, share.split("%")[0].strip()) for _, rate, share in
            table(TEXT, "| `python -m benchmarks.detector")] == expected


def test_the_rows_of_the_network_alone_are_those_of_their_log():
    expected = found_in("runtime.txt", r"^(.+): first face after (.+) CPU s, at most (.+); "
                        r"(.+) a face, (.+) of 2, (.+) of 4; PublicTest (.+), with .* (\S+)$")
    assert table(TEXT, "| | first face, CPU |") == [
        [name, f"{first} s", *figures] for name, first, *figures in expected]


@pytest.mark.parametrize("module", BENCHMARKS)
def test_each_benchmark_says_how_it_is_run(module, capsys):
    with pytest.raises(SystemExit) as end:
        importlib.import_module(f"benchmarks.{module}").main(["--help"])
    assert end.value.code == 0
    assert f"python -m benchmarks.{module}" in capsys.readouterr().out


def test_no_other_benchmark_is_spoken_of():
    texts = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    assert set(re.findall(r"python -m benchmarks\.(\w+)", " ".join(texts))) == {*BENCHMARKS, "NAME"}
