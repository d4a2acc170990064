"""The figures of docs/votes.md are those of the recorded evaluations."""

from statistics import mean

import pytest

from tests.docs.records import document, recorded, rows

TEXT, SENTENCES = document("docs/votes.md")
NETWORKS = {"PublicTest": [8, 25, 26, 27, 28], "PrivateTest": [8, 28]}


def both(network, split):
    """Return the measures of a network by FER2013's labels and by the votes' majority."""
    result = recorded(network, "votes_val" if split == "PublicTest"
                      else f"evaluation_whole_{network}")
    return result, result["majority"]


@pytest.mark.parametrize("split", NETWORKS)
def test_the_measures_are_those_of_the_evaluations(split):
    found = {int(row[1]): row[2:] for row in rows(TEXT, start=f"| {split} |")}
    assert list(found) == NETWORKS[split]
    for network, figures in found.items():
        results = both(network, split)
        assert figures == [
            *(f"{result[name]:.2%}" for result in results for name in ("accuracy", "macro_f1")),
            f"{mean(result['macro_f1'] for result in results):.2%}"]


def test_the_numbers_of_images_are_those_of_the_evaluations():
    (public, public_votes), (private, private_votes) = (both(28, split) for split in NETWORKS)
    assert public["images"] == private["images"] == 3589
    assert (f"cover {public['images']:,} images of each split, the votes "
            f"{public_votes['images']:,} of PublicTest and {private_votes['images']:,} of "
            "PrivateTest") in SENTENCES


def test_the_figures_as_the_detector_runs_it_are_those_of_its_precision():
    result = recorded(28, "evaluation_whole_28_int8_flip")
    assert (result["runtime"], result["tta"], result["precision"]) == ("onnx", "flip", "int8")
    assert (f"network 28 has {result['accuracy']:.2%} and {result['majority']['accuracy']:.2%}"
            in SENTENCES)


@pytest.mark.parametrize("network", NETWORKS["PublicTest"][1:])
def test_the_last_epoch_has_the_least_validation_loss(network):
    losses = recorded(network)["val_loss"]
    assert losses[-1] == min(losses)
