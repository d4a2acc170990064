"""The tables of measurements in docs/ are those of the recorded logs."""

import importlib
import json
import re

import pytest

from tests.conftest import ROOT
from tests.docs.records import RESULTS, document, recorded, rows, table

BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))


def found_in(log, pattern):
    """Return what a pattern's groups match, line by line, in a recorded log."""
    return re.findall(pattern, (RESULTS / "benchmarks" / log).read_text(), re.MULTILINE)


def test_every_figure_of_speed_and_of_the_peer_stands_in_a_recorded_benchmark():
    logs = " ".join(path.read_text() for path in (RESULTS / "benchmarks").glob("*.txt"))
    figures = re.findall(r"(?<![\w.])(\d+(?:[.,]\d+)*)(?:%|\s(?:frames/s|% of frames|MB|s\b|ms))",
                         document("docs/benchmarks.md")[0])
    assert figures
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", logs), figure


def test_the_speed_of_the_detector_and_of_the_network():
    text, _ = document("docs/benchmarks.md")
    detector = table(text, "| `python -m benchmarks.detector")
    assert [(rate, share.split("%")[0].strip()) for _, rate, share in detector] == found_in(
        "detector.txt", r"^.* ([\d.]+ frames/s), a face in ([\d.]+)%")
    expected = found_in("runtime.txt", r"^(.+): first face after (.+) CPU s, at most (.+); "
                        r"(.+) a face, (.+) of 2, (.+) of 4; PublicTest (.+), with .* (\S+)$")
    assert table(text, "| | first face, CPU |") == [
        [name, f"{first} s", *figures] for name, first, *figures in expected]
    assert [tuple(row) for row in table(text, "| | int8 |")] == found_in(
        "processors.txt", r"^(.+): int8 (.+), float32 (.+), 100.00% of the labels")


def test_the_speed_of_finding_faces():
    text, sentences = document("docs/faces.md")
    log = (RESULTS / "benchmarks" / "faces.txt").read_text()
    expected = []
    for part in log.split("\nfinding ")[1:]:
        found = dict((way, f"{faces} faces, {cost} ms") for way, faces, cost in re.findall(
            r"^ +(\S.*?) {2,}(\S+) faces a frame,.*, +(\S+) ms \(median", part, re.MULTILINE))
        expected.append([found[way] for way in ("cascade, every whole frame", "cascade", "YuNet")])
    assert [row[1:] for row in table(text, "| | the cascade every frame |")] == expected
    (rate, cost), (yunet_rate, yunet_cost) = found_in(
        "faces.txt", r"^the whole detector, .* (\d+) frames/s, (\S+) ms of processors")
    assert (f"takes {cost} ms of processors a frame with the cascade and {yunet_cost} ms with "
            f"YuNet, starts included, at {rate} and {yunet_rate} frames/s") in sentences


def test_fine_tuning_on_a_small_set():
    runs = json.loads((RESULTS / "fine-tuning" / "runs.json").read_text())
    text, _ = document("docs/datasets.md")
    found = {f"{pictures.replace(',', '')} pictures, {way}, rate {rate}, "
             f"{2 if way == 'fine-tuned' else 0} blocks frozen, {epochs} epochs": figures
             for way, pictures, rate, epochs, *figures in table(text, "| | pictures |")}
    assert found == {name: [f"{max(run['val_accuracy']):.1%}", f"{run['test']['accuracy']:.1%}"]
                     for name, run in runs.items() if " 5 epochs" not in name}  # of the choice


def test_several_devices():
    text, sentences = document("docs/scaling.md")
    measured = json.loads(re.search(
        "experiment 7\n(.*)", (RESULTS / "scaling" / "devices.txt").read_text())[1])
    names = {"rounding": "one device, initial weights moved by one rounding"}
    assert table(text, "| | after a step |") == [
        [names.get(number, f"{number} devices"), f"{after['step']:.1e}", f"{after['epoch']:.1e}"]
        for number, after in measured.items()]
    seconds = recorded(13)["seconds"]
    assert (f"{len(seconds)} epochs of experiment 13 took {sum(seconds) / 60:.0f} minutes"
            in sentences)


def test_the_api_beside_its_peers():
    text, sentences = document("docs/python.md")
    first = {way: figures for way, *figures in found_in(
        "api.txt", r"^(\w+), picture: first result after (\S+) CPU s, at most (\d+ MB)")}
    cells = {name: row[:2] for name, *row in rows(text)}
    assert cells["first result of a fresh interpreter"] == [
        f"{first[way][0]} s of CPU" for way in ("API", "fer")]
    assert cells["most memory until then"] == [first[way][1] for way in ("API", "fer")]
    calls = dict(found_in("api.txt", r"^after ([\d,]+) calls: (.+)$"))
    assert (f"After 1,000 calls of `detect` the process has {calls['1,000']}, after 10,000 "
            f"{calls['10,000']}.") in sentences


@pytest.mark.parametrize("module", BENCHMARKS)
def test_each_benchmark_says_how_it_is_run(module, capsys):
    with pytest.raises(SystemExit) as end:
        importlib.import_module(f"benchmarks.{module}").main(["--help"])
    assert end.value.code == 0
    assert f"python -m benchmarks.{module}" in capsys.readouterr().out


def test_no_other_benchmark_is_spoken_of():
    texts = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    assert set(re.findall(r"python -m benchmarks\.(\w+)", " ".join(texts))) == {*BENCHMARKS, "NAME"}
