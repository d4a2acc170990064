"""README.md is short, and its figures and paths are there."""

import re

import pytest

from tests.conftest import MODEL, ROOT
from tests.docs.records import RESULTS, SHIPPED, document, recorded, rows

TEXT, SENTENCES = document("README.md")
DOCUMENTS = sorted(path.relative_to(ROOT)
                   for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "NOTICE"])


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 150


def test_the_table_of_experiments_is_what_was_recorded():
    found = {int(row[0]): row[3:] for row in rows(TEXT) if row[0].isdigit()}
    assert list(found) == [1, 2, 3, 4, 5, 6, SHIPPED]
    for number, figures in found.items():
        last = "" if number == SHIPPED else "_last"
        results = [recorded(number, f"evaluation{last}{split}") for split in ("", "_val")]
        assert {result["experiment"] for result in results} == {number}
        assert figures == [f"{result['accuracy']:.2%}" for result in results]


def test_the_figures_of_the_model_that_ships_are_those_of_its_evaluations():
    validation, test, *shifts = (recorded(SHIPPED, f"evaluation{name}")["accuracy"]
                                 for name in ("_val", "", "_val_shifts", "_shifts"))
    assert (f"right on {validation:.2%} of PublicTest and {test:.2%} of PrivateTest, with "
            f"`--tta shifts` on {shifts[0]:.2%} and {shifts[1]:.2%}") in SENTENCES
    result = recorded(SHIPPED, "evaluation")
    recalls = sorted(((row["recall"], name) for name, row in result["per_class"].items()),
                     reverse=True)
    assert ", ".join(f"{name} {recall:.0%}" for recall, name in recalls) in SENTENCES
    ferplus, fer2013 = (recorded(number, "votes_val") for number in (28, SHIPPED))
    assert (f"it is right on {ferplus['majority']['accuracy']:.2%} of PublicTest, the other one on "
            f"{fer2013['majority']['accuracy']:.2%}; by FER2013's labels on "
            f"{ferplus['accuracy']:.2%}") in SENTENCES
    assert f"half was at hand, {result['images']:,} images" in SENTENCES
    assert f"{MODEL.stat().st_size / 1e6:.1f} MB" in SENTENCES


@pytest.mark.parametrize("name", map(str, DOCUMENTS))
def test_every_path_is_there(name):
    text = (ROOT / name).read_text()
    for path in re.findall(r"\]\(([\w/.-]+)\)", text):
        assert ((ROOT / name).parent / path).exists(), path
    for path in re.findall(r"(?<![\w/])(?:results|samples|config|pipeline|docs)/[\w/.]+\w", text):
        assert (ROOT / path).exists() or "/N/" in path, path


def test_the_versions_of_python_are_those_of_the_project():
    project = (ROOT / "pyproject.toml").read_text()
    lowest, above = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project).groups()
    assert f"Python 3.{lowest} to 3.{int(above) - 1}" in SENTENCES


def test_the_summary_of_the_demo_is_the_recorded_one():
    lines = (RESULTS / "benchmarks" / "demo.txt").read_text().splitlines()
    shown = [line.strip() for line in TEXT.splitlines() if line.strip().startswith("│")]
    assert shown == [line.strip() for line in lines if line.startswith("│")] != []
