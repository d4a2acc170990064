"""The figures of docs/votes.md are those of the recorded evaluations."""

from statistics import mean

import pytest

from tests.docs.records import RESULTS, document, recorded, rows

TEXT, SENTENCES = document("docs/votes.md")
NETWORKS = {"8": (8, "votes"), "25": (25, "votes"), "27": (27, "votes")}
SPLITS = {"PublicTest": "_val", "PrivateTest": ""}


def both(network, split):
    """Return the measures of a network by FER2013's labels and by the votes' majority."""
    number, name = NETWORKS[network]
    result = recorded(number, name + SPLITS[split])
    return result, result["majority"]


@pytest.mark.parametrize("split", SPLITS)
def test_the_measures_are_those_of_the_evaluations(split):
    found = {row[1]: row[2:] for row in rows(TEXT, start=f"| {split} |")}
    assert list(found) == list(NETWORKS)
    for network, figures in found.items():
        results = both(network, split)
        assert figures == [
            *(f"{result[name]:.2%}" for result in results for name in ("accuracy", "macro_f1")),
            f"{mean(result['macro_f1'] for result in results):.2%}"]


def test_the_recall_of_each_class_is_that_of_the_evaluations():
    names = list(both("8", "PublicTest")[0]["per_class"])
    found = {row[0]: row[1:] for row in rows(TEXT) if row[0] in names}
    assert list(found) == names
    for name, figures in found.items():
        assert figures == [f"{both(network, 'PublicTest')[by]['per_class'][name]['recall']:.0%}"
                           for by in (0, 1) for network in NETWORKS]


def test_the_shifted_priors_are_those_of_the_log():
    log = (RESULTS / "benchmarks" / "priors.txt").read_text()
    for row in rows(TEXT, start="| shifted "):
        assert all(figure in log for figure in " / ".join(row[1:]).split(" / ")), row


def test_what_becomes_of_calm_faces_is_in_the_confusion_matrices():
    for network, sentence in (("8", "8 finds {:.0%} and calls {:.0%} sad"),
                              ("27", "27 finds {:.0%} and calls {:.0%} sad")):
        row = both(network, "PublicTest")[1]["confusion_matrix"][-1]
        assert sentence.format(row[-1] / sum(row), row[3] / sum(row)) in SENTENCES


def test_the_means_as_the_detector_looks_are_those_of_its_precision():
    means = []
    for network in (27, 25):
        result = recorded(network, "votes_int8_val")
        means.append(mean((result["macro_f1"], result["majority"]["macro_f1"])))
    assert "the means are {:.2%} and {:.2%}".format(*means) in SENTENCES
