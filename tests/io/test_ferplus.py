import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io.ferplus import (
    COLUMNS,
    ROWS_TOGETHER,
    labels_of_votes,
    read_ferplus,
    votes_of,
)
from tests.conftest import ROOT

HEADER = ("Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,"
          "unknown,NF\n")
ROWS = """Training,a.png,9,0,0,0,0,1,0,0,0,0
PrivateTest,b.png,1,6,0,0,1,0,0,2,0,0
PrivateTest,c.png,0,0,0,0,4,6,0,0,0,0
PrivateTest,d.png,4,0,0,0,0,0,0,5,1,0
PrivateTest,,0,0,0,0,0,0,0,0,0,10
PrivateTest,f.png,3,0,0,0,3,0,0,0,4,0
PrivateTest,g.png,1,0,0,0,0,0,0,9,0,0
"""
SIX = ("angry", "fear", "happy", "sad", "surprise", "neutral")
SEVEN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
EIGHT = (*SEVEN, "contempt")
VOTES = ROOT.parent / "shared" / "fer2013" / "fer2013new.csv"


@pytest.fixture
def ferplus(tmp_path):
    path = tmp_path / "fer2013new.csv"
    path.write_text(HEADER + ROWS)
    return path


def named(shares, names):
    """Return what a row of shares has for the classes that have any."""
    return {name: round(float(share), 4) for name, share in zip(names, shares) if share}


@pytest.mark.parametrize(("names", "expected"), [
    (SIX, [{"happy": 0.75}, {"angry": 1.0}, {"neutral": 0.4444}, {}, {}, {}]),
    (SEVEN, [{"happy": 0.75}, {"angry": 0.4, "disgust": 0.6}, {"neutral": 0.4444}, {}, {}, {}]),
    (EIGHT, [{"happy": 0.75, "contempt": 0.25}, {"angry": 0.4, "disgust": 0.6},
             {"neutral": 0.4444, "contempt": 0.5556}, {}, {}, {"contempt": 1.0}]),
])
def test_the_shares_of_each_row_of_a_usage(ferplus, names, expected):
    shares = read_ferplus(ferplus, names)
    assert [named(row, names) for row in shares["PrivateTest"]] == expected
    assert [named(row, names) for row in shares["Training"]] == [{"neutral": 1.0}]


def test_labels_are_the_peaks_of_targets_that_sum_up_to_1(ferplus):
    rows = [0, 5, 5], ["PrivateTest"] * 3
    labels, values = labels_of_votes(ferplus, SIX, 1.0, *rows)
    assert [SIX[label] for label in labels] == ["happy", "angry", "neutral"]
    assert [named(votes, SIX) for votes in values["votes"]] == [
        {"happy": 0.75}, {"angry": 1.0}, {"neutral": 0.4444}]
    assert named(values["targets"][0], SIX) == {"happy": 1.0}
    sad = EIGHT.index("sad")
    (label, *_), values = labels_of_votes(ferplus, EIGHT, 0.5, [sad] * 3, rows[1])
    votes, targets = values["votes"][0], values["targets"][0]
    assert label == sad and named(votes, EIGHT) == {"happy": 0.75, "contempt": 0.25}
    assert named(targets, EIGHT) == {"happy": 0.375, "sad": 0.5, "contempt": 0.125}


def test_rows_of_no_class_have_no_label(ferplus):
    labels, _ = labels_of_votes(ferplus, SIX, 1.0, [5] * 7, ["PrivateTest"] * 6 + ["Training"])
    assert [label is None for label in labels] == [False, False, False, True, True, True, False]


@pytest.mark.parametrize("usage", ["PublicTest", "PrivateTest"])
def test_the_published_number_of_images_on_which_most_votes_agree(usage):
    if not VOTES.exists():
        pytest.skip(f"no {VOTES.name} beside the project")
    shares = read_ferplus(VOTES, EIGHT)[usage]
    assert len(shares) == 3589
    assert (shares.max(axis=1) > 0.5).sum() == {"PublicTest": 3199, "PrivateTest": 3153}[usage]


def test_too_few_rows(ferplus):
    votes = votes_of(ferplus, SIX, [0] * 4, ["PrivateTest"] * 4)
    assert np.array_equal(votes, read_ferplus(ferplus, SIX)["PrivateTest"][:4])
    for usage, number, found in (("PrivateTest", 7, 6), ("PublicTest", 1, 0)):
        with pytest.raises(UserError, match=f"has {found} rows of {usage}, found {number} images"):
            votes_of(ferplus, SIX, [0] * number, [usage] * number)


def test_images_in_another_order_do_not_fit(ferplus, monkeypatch):
    labels = np.random.default_rng(0).integers(0, 6, 3 * ROWS_TOGETHER)
    shares, usages = {"Training": np.eye(6, dtype=np.float32)[labels]}, ["Training"] * len(labels)
    monkeypatch.setattr("pipeline.io.ferplus.read_ferplus", lambda *_: shares)
    assert np.array_equal(votes_of(ferplus, SIX, labels, usages), shares["Training"])
    moved = np.concatenate([labels[:ROWS_TOGETHER], np.roll(labels[ROWS_TOGETHER:], 1)])
    with pytest.raises(UserError, match="of 100 images of Training in a row, expected about 65 %"):
        votes_of(ferplus, SIX, moved, usages)


def test_another_file(ferplus):
    ferplus.write_text("emotion,pixels,Usage\n")
    with pytest.raises(UserError, match="no column NF"):
        read_ferplus(ferplus, SIX)
    for row in ("a.png,many,0", "a.png" + ",9" * 9, "a.png" + ",99999999999" * len(COLUMNS),
                "a" * 200_000, "\xff"):
        ferplus.write_text(HEADER + f"PrivateTest,{row}\n", encoding="latin-1")
        with pytest.raises(UserError, match=r"damaged, or not FER\+'s fer2013new\.csv"):
            read_ferplus(ferplus, SIX)


def test_a_byte_order_mark_is_read_over_and_a_file_too_large_is_refused(ferplus):
    expected = read_ferplus(ferplus, SIX)
    ferplus.write_text(HEADER + ROWS, encoding="utf-8-sig")
    found = read_ferplus(ferplus, SIX)
    assert all(np.array_equal(found[usage], expected[usage]) for usage in expected)
    ferplus.write_text(HEADER + "\n" * (1 << 23))
    with pytest.raises(UserError, match="has over 8,388,608 bytes, expected FER"):
        read_ferplus(ferplus, SIX)
