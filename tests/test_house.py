"""Who may call whom, from the imports of the files themselves."""

import ast
import re
import sys
from functools import cache

import pytest

from tests.conftest import ROOT

# From the lowest to the highest: a room imports those before it, and itself.
ROOMS = (
    "pipeline.errors",
    "pipeline.process",
    "pipeline.commandline",
    "pipeline.files",
    "pipeline.preprocessing",
    "pipeline.nn",
    "pipeline.io",
    "pipeline.evaluation",
    "pipeline.callbacks",
    "pipeline.training",
    "pipeline.detection.sources",
    "pipeline.detection.faces",
    "pipeline.detection.outputs",
    "pipeline.detection.runs",
    "pipeline.api",
    "pipeline.export", "pipeline.getyunet", "pipeline.quantize",
)
SOURCES, FACES, OUTPUTS = (f"pipeline.detection.{name}" for name in ("sources", "faces", "outputs"))
PACKAGES = ("pipeline", "pipeline.detection")  # that only hold rooms


def name_of(path):
    """Return the dotted name of a module's file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_in(*patterns):
    return {name_of(path): path for pattern in patterns for path in ROOT.glob(pattern)}


PIPELINE = modules_in("pipeline/**/*.py")
CONFIG = modules_in("config/*.py")
SCRIPTS = modules_in("*.py")
OURS = PIPELINE | CONFIG | SCRIPTS


@cache
def imports_of(path):
    """Return (module, name) of everything that a file imports, at its top or later.

    name: what is taken from the module; None if that is the module itself.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {(alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import; expected the whole name"
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                found.add((module, None) if module in OURS else (node.module, alias.name))
    return found


def ours(path):
    return {module for module, _ in imports_of(path) if module in OURS}


def room_of(module):
    return next((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), None)


def reached_from(path):
    """Return the modules of ours that a file imports, those that they import, and so on."""
    found, waiting = set(), ours(path)
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= ours(OURS[module]) - found
    return found


def top_names(path):
    return {module.split(".")[0] for module, _ in imports_of(path)}


@pytest.mark.parametrize("module", sorted(PIPELINE.keys() - set(PACKAGES)))
def test_a_room_imports_none_above_it(module):
    room = room_of(module)
    assert room, f"{module} is in no room; its place is in {ROOMS}"
    allowed = (*ROOMS[:ROOMS.index(room) + 1], *PACKAGES)
    assert {room_of(name) or name for name in ours(PIPELINE[module])} <= set(allowed)


def test_every_room_is_in_the_list_for_those_who_carry_it_on():
    text = re.search("## The rooms\n(.*?)\nA room imports", (ROOT / "CONTRIBUTING.md").read_text(),
                     re.DOTALL)[1]
    rooms = [room.removeprefix("pipeline.").replace(".", "/") for room in ROOMS]
    assert not [room for room in rooms if not re.search(rf"\b{room}\b", text)]


@pytest.mark.parametrize("module", sorted(PIPELINE))
def test_the_pipeline_imports_neither_config_nor_a_script(module):
    assert not {"config", "benchmarks", "tests", *SCRIPTS} & top_names(PIPELINE[module])


@pytest.mark.parametrize("module", sorted(PIPELINE))
def test_no_import_comes_back_to_where_it_began(module):
    assert module not in reached_from(PIPELINE[module])


@pytest.mark.parametrize("module", sorted(CONFIG))
def test_config_imports_the_standard_library_only(module):
    assert top_names(CONFIG[module]) <= {"config", *sys.stdlib_module_names}


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_a_script_imports_no_other(script):
    assert not SCRIPTS.keys() & top_names(SCRIPTS[script])


def test_sources_and_outputs_know_only_frames_and_faces():
    taken = {SOURCES: set(), FACES: set()}
    for module, path in PIPELINE.items():
        if room_of(module) == OUTPUTS:
            for name, what in imports_of(path):
                if room_of(name) in taken:
                    taken[room_of(name)].add(what)
    assert taken[SOURCES] <= {"Frame"} and taken[FACES] <= {"Face", "UNSURE"}


def test_the_training_path_imports_no_tensorflow():
    # These layers do, and only where Keras runs on it: see their own test.
    path = reached_from(SCRIPTS["train_recognizer"]) - {"pipeline.nn.tensorflowlayers"}
    assert "pipeline.training.training" in path and "pipeline.training.network" in path
    for module in path:
        assert "tensorflow" not in top_names(OURS[module]), module


def test_an_import_in_a_function_counts_as_well(tmp_path):
    file = tmp_path / "x.py"
    file.write_text("import keras\ndef f():\n    from pipeline.io import checkpoint\n"
                    "    from pipeline.detection.sources.frame import Frame\n")
    assert imports_of(file) == {("keras", None), ("pipeline.io.checkpoint", None),
                                ("pipeline.detection.sources.frame", "Frame")}


@pytest.mark.parametrize(("title", "place", "script"), [
    ("A frame on its way", "pipeline.detection", "emotion_detector"),
    ("A row of `fer2013.csv`", "pipeline", "train_recognizer"),
])
def test_the_ways_are_those_of_the_imports(title, place, script):
    text = (ROOT / "CONTRIBUTING.md").read_text()
    block = re.search(rf"^{title} .*?\n\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)[1]
    way = [f"{place}.{line.split()[0].replace('/', '.')}" for line in block.splitlines()]
    assert len(way) <= 8
    reached = reached_from(SCRIPTS[script]) | reached_from(SCRIPTS["build_dataset"])
    assert not set(way) - reached
