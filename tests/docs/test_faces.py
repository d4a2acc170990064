"""The figures of docs/faces.md on videos are those of the recorded benchmark."""

import re

from tests.docs.records import RESULTS, document, table

TEXT, SENTENCES = document("docs/faces.md")
LOG = (RESULTS / "benchmarks" / "faces.txt").read_text()
WAYS = ("cascade, every whole frame", "cascade", "YuNet")


def test_what_each_way_finds_and_costs_is_in_the_log():
    expected = []
    for part in LOG.split("\nfinding ")[1:]:
        found = dict((way, f"{faces} faces, {cost} ms") for way, faces, cost in re.findall(
            r"^ +(\S.*?) {2,}(\S+) faces a frame,.*, +(\S+) ms \(median", part, re.MULTILINE))
        expected.append([found[way] for way in WAYS])
    assert [row[1:] for row in table(TEXT, "| | the cascade every frame |")] == expected


def test_what_the_whole_detector_does_is_in_the_log():
    (rate, cost), (yunet_rate, yunet_cost) = re.findall(
        r"^the whole detector, .* (\d+) frames/s, (\S+) ms of processors", LOG, re.MULTILINE)
    assert (f"takes {cost} ms of processors a frame with the cascade and {yunet_cost} ms with "
            f"YuNet, starts included, at {rate} and {yunet_rate} frames/s") in SENTENCES
