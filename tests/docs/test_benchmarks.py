"""The figures of docs/benchmarks.md are those of the recorded benchmarks."""

import re

from tests.docs.records import RESULTS, document, table

TEXT, _ = document("docs/benchmarks.md")


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


def test_the_rows_without_tensorflow_are_those_of_their_log():
    names = {"before": "{}, on TensorFlow", "now, float32": "float32",
             "now": "int8 with the mirror image"}
    expected = found_in("versions.txt", r"^(\S+), (.+): first result after (.+?) CPU s,.*; "
                                        r"(\d+ frames/s),.* at most (\d+ MB); (\S+ ms) a face")
    assert table(TEXT, "| | first result, CPU |") == [
        [names[way].format(video), f"{first} s", memory, rate, face]
        for video, way, first, rate, memory, face in expected]


def test_the_rows_of_the_network_alone_are_those_of_their_log():
    expected = found_in("runtime.txt", r"^(.+): first face after (.+) CPU s, at most (.+); "
                        r"(.+) a face, (.+) of 2, (.+) of 4; PublicTest (.+), with .* (\S+)$")
    assert table(TEXT, "| | first face, CPU |") == [
        [name, f"{first} s", *figures] for name, first, *figures in expected]


def test_what_one_run_for_many_files_takes_is_in_its_log():
    (clock, processors), = found_in("manyfiles.txt", r"takes (\S+) of the time of six and (\S+) of")
    _, sentences = document("docs/many_files.md")
    assert f"take {clock} of the time of six runs, and {processors} of their CPU time" in sentences
