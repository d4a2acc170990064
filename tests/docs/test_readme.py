"""README.md is short, and its figures and paths are there."""

import re

import pytest

from config.experiments import DEFAULT_EXPERIMENT
from tests.conftest import ROOT
from tests.docs.records import RESULTS, SHIPPED, document, recorded, rows

TEXT, SENTENCES = document("README.md")
DOCUMENTS = sorted(path.relative_to(ROOT)
                   for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "NOTICE"])


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 150


def test_the_table_of_experiments_is_what_was_recorded():
    found = {int(row[0]): row[3:] for row in rows(TEXT) if row[0].isdigit()}
    assert list(found) == [6, SHIPPED]
    for number, figures in found.items():
        names = [f"evaluation_whole_{SHIPPED}", "evaluation_val"] if number == SHIPPED else [
            "evaluation_last", "evaluation_last_val"]
        results = [recorded(number, name) for name in names]
        assert {result["experiment"] for result in results} == {number}
        assert [figure.removesuffix(" (first half)") for figure in figures] == [
            f"{result['accuracy']:.2%}" for result in results]
        assert ("half" in figures[0]) == (results[0]["images"] < 3589)


def test_the_figures_of_the_models_that_ship_are_those_of_their_evaluations():
    shifts = recorded(SHIPPED, f"evaluation_whole_{SHIPPED}_shifts")
    votes = recorded(28, "evaluation_whole_28")
    assert shifts["images"] == votes["images"] == 3589
    for sentence in (
        f"With `--tta shifts`, `model.hdf5` is right on {shifts['accuracy']:.2%} of PrivateTest",
        f"right on {votes['majority']['accuracy']:.2%} of PrivateTest where more than half of the "
        f"votes agree, and on {votes['accuracy']:.2%} by FER2013's own labels",
    ):
        assert sentence in SENTENCES


def test_the_minutes_of_the_default_experiment_are_the_recorded_ones():
    run = recorded(DEFAULT_EXPERIMENT)
    assert run["run"]["precision"] == "mixed_bfloat16"
    assert (f"Train experiment {DEFAULT_EXPERIMENT}, which took {sum(run['seconds']) / 60:.0f} "
            "minutes on two CPU cores in mixed_bfloat16") in SENTENCES


def anchors(text):
    """Return the anchors that GitHub gives the headings of a text."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", map(str, DOCUMENTS))
def test_every_path_is_there(name):
    text = (ROOT / name).read_text()
    for path, anchor in re.findall(r"\]\(([\w/.-]*)(?:#([\w-]+))?\)", text):
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text()), anchor
    for path in re.findall(r"(?<![\w/])(?:results|samples|config|pipeline|docs)/[\w/.-]+\w", text):
        assert (ROOT / path).exists() or "/N/" in path, path


def test_the_versions_of_python_are_those_of_the_project():
    project = (ROOT / "pyproject.toml").read_text()
    lowest, above = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project).groups()
    assert f"Python 3.{lowest} to 3.{int(above) - 1}" in SENTENCES


def test_the_summary_of_the_demo_is_the_recorded_one():
    lines = (RESULTS / "benchmarks" / "demo.txt").read_text().splitlines()
    shown = [line.strip() for line in TEXT.splitlines() if line.strip().startswith("│")]
    assert shown == [line.strip() for line in lines if line.startswith("│")] != []
