"""The flags in README.md and docs/ are those that the scripts have."""

import re

import pytest

from docs.flags import DOCUMENT, TABLES, help_of, tables, with_tables
from tests.conftest import ROOT

SCRIPTS = sorted(path.stem for path in ROOT.glob("*.py"))
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
DOCUMENTED = {module for _, module, _ in TABLES.findall(DOCUMENT.read_text())}
TEXTS = {path.name: path.read_text().replace("\\\n", " ")
         for path in (ROOT / "README.md", *sorted(DOCUMENT.parent.glob("*.md")))}


def flags_of(script):
    return set(FLAG.findall(help_of(script)))


def test_every_script_has_its_tables():
    assert set(SCRIPTS) <= DOCUMENTED


def test_the_tables_of_flags_are_those_of_help():
    text = DOCUMENT.read_text()
    assert text == with_tables(text), "run python -m docs.flags"


@pytest.mark.parametrize("script", sorted(DOCUMENTED))
def test_every_flag_stands_under_a_title_and_with_a_meaning(script):
    usage = help_of(script).split("\n\n")[0]
    rows = re.findall(r"^\| (`.+`) \| \S", tables(help_of(script)), flags=re.MULTILINE)
    assert set(FLAG.findall(usage)) - {"--version"} <= set(FLAG.findall(" ".join(rows)))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_commands_have_flags_of_their_script(name):
    for script, arguments in re.findall(r"python (\w+)\.py(.*)", TEXTS[name]):
        assert set(FLAG.findall(arguments)) <= flags_of(script), arguments


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_flag_that_is_spoken_of_is_a_scripts(name):
    known = set().union(*map(flags_of, DOCUMENTED))
    assert set(re.findall(r"`(--[a-z][\w-]*)", TEXTS[name])) <= known
