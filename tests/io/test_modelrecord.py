import json
from dataclasses import asdict
from itertools import pairwise

import pytest

from config.experiments import EXPERIMENTS
from pipeline.errors import UserError
from pipeline.io.modelrecord import parsed
from tests.conftest import record_of

RECORD = record_of({"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1})
EMBEDDING = {"module": "keras.layers", "class_name": "Embedding", "registered_name": None,
             "config": {"input_dim": 10**9, "output_dim": 1000}}


def checked(record):
    return parsed(json.dumps(record).encode(), "model.hdf5")


@pytest.mark.parametrize("number", EXPERIMENTS)
def test_the_records_of_all_recipes_are_right(number):
    recipe = EXPERIMENTS[number]
    record = RECORD | {"experiment": number, "epochs": recipe.epochs, "recipe": asdict(recipe),
                       "teachers": ["a.hdf5"], "backend": "jax", "batch_size": 128}
    assert checked(record) == json.loads(json.dumps(record))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ["a", "a"]}, "1 different class names, expected 2"),
        ({"class_names": ["a", "b\x1b[2J"]}, "class_names"),
        ({"class_names": ["a", "\ud800"]}, "class_names"), ({"class_names": ["a", ""]}, "class_na"),
        ({"class_names": ["a", "b" * 65]}, "class_names"), ({"class_names": "ab"}, "class_names"),
        ({"class_names": {"a": 1, "b": 2}}, "class_names"),
        ({"class_names": ["a", "b", "c"]}, "3 different class names, expected 2"),
        ({"epoch": -1}, "epoch"), ({"epoch": 1.0}, "epoch"), ({"epoch": "1"}, "epoch"),
        ({"epochs": 0}, "epochs"),
        ({"experiment": [6]}, "experiment"), ({"experiment": None}, "experiment"),
        ({"seed": 2**32}, "seed"), ({"precision": "float64"}, "precision"),
        ({"backend": "numpy"}, "backend"), ({"batch_size": 0}, "batch_size"),
        ({"teachers": "a"}, "teachers"), ({"val_accuracy": 2}, "val_accuracy"),
        ({"val_accuracy": "good"}, "val_accuracy"), ({"history": [1]}, "history"),
        ({"history": {"loss": [1.0, 2.0]}}, "2 values of loss, expected 1"),
        ({"history": {"loss": [None]}}, "history"), ({"history": {"loss": ["1"]}}, "history"),
        ({"history": {"loss": [1e999]}}, "history"),
        ({"recipe": 1}, "recipe"), ({"arrays": "float8"}, "arrays"),
        ({"activation_ranges": {"a": [0, 1e7]}}, "activation_ranges"),
        ({"more": 1}, "a field 'more'"), ({"graph": {}}, "graph"), ({"graph": []}, "a graph of 0"),
        ({"network": {}}, "written by an earlier version"),
    ],
)
def test_a_record_that_no_training_writes_is_refused(changes, message):
    with pytest.raises((UserError, ValueError), match=message):
        checked(RECORD | changes)


@pytest.mark.parametrize("name", RECORD)
def test_a_record_without_a_field_is_refused(name):
    record = {other: value for other, value in RECORD.items() if other != name}
    with pytest.raises(UserError, match=f"refused: its record has no {name}"):
        checked(record)


DENSE = {"name": "classes", "kind": "Dense", "inputs": ["flatten"],
         "settings": {"units": 2, "activation": "softmax", "use_bias": True,
                      "kernel_regularizer": None, "bias_regularizer": None},
         "arrays": {"kernel": [64, 2], "bias": [2]}}
GRAPH = [{"name": "faces", "kind": "InputLayer", "inputs": [], "settings": {"shape": [8, 8, 1]},
          "arrays": {}},
         {"name": "flatten", "kind": "Flatten", "inputs": ["faces"], "settings": {}, "arrays": {}},
         DENSE]


def with_dense(**changes):
    return [*GRAPH[:2], DENSE | changes]


def with_settings(**changes):
    return with_dense(settings=DENSE["settings"] | changes)


def relu(name, *inputs):
    return {"name": name, "kind": "ReLU", "inputs": list(inputs), "arrays": {},
            "settings": {"max_value": None, "negative_slope": 0, "threshold": 0}}


def joined(name, before):
    return {"name": name, "kind": "Concatenate", "inputs": [before] * 64, "settings": {"axis": -1},
            "arrays": {}}


def large(count):
    """Return a graph of `count` layers with 4,096 x 4,096 weights."""
    large = DENSE | {"arrays": {"kernel": [4096, 4096], "bias": [4096]},
                     "settings": DENSE["settings"] | {"units": 4096}}
    names = ["flatten", *map(str, range(count))]
    last = DENSE | {"inputs": names[-1:], "arrays": {"kernel": [4096, 2], "bias": [2]}}
    return [GRAPH[0] | {"settings": {"shape": [64, 64, 1]}}, GRAPH[1],
            *(large | {"name": name, "inputs": [before]} for before, name in pairwise(names)), last]


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ([1, 2], "a layer 1, expected fields"), (GRAPH[1:], "inputs .'faces'., expected earlier"),
        (with_dense(kind="Lambda"), "of kind 'Lambda', expected one of InputLayer, Conv2D"),
        (with_dense(kind="keras.src.Dense"), "of kind"), (with_dense(kind=["Dense"]), "kind"),
        (with_dense(name="a\n"), "name"),
        (with_dense(name="x" * 80), "name"), (with_dense(name="flatten"), "two layers named"),
        (with_dense(inputs=["classes"]), "inputs"), (with_dense(inputs=[]), "inputs"),
        (with_dense(inputs=["flatten"] * 2), "does not fit its inputs"),
        (with_dense(inputs=["flatten"] * 65), "inputs"), (with_dense(more=1), "a field layer"),
        (with_dense(arrays={"kernel": [64, 2]}), "with arrays"),
        (with_dense(arrays={"bias": [2], "kernel": [64, 2]}), "with arrays"),
        (with_dense(arrays={"kernel": [2, 64], "bias": [2]}), "with arrays"),
        (with_dense(arrays={"kernel": [10**12, 2], "bias": [2]}), "arrays"),
        (with_settings(activation=EMBEDDING), "activation"), (with_settings(units=True), "units"),
        (with_settings(units=10**9), "units"), (with_settings(dtype="float64"), "'dtype'"),
        (with_settings(kernel_regularizer="__import__('os')"), "kernel_regularizer"),
        (with_dense(settings={"units": 2}), "no layer 'classes' kernel_regularizer"),
        (with_dense(settings=[]), "settings"),
        ([*GRAPH, relu("more", "faces")], "an output of shape"),
        ([*GRAPH[:2], relu("loop", "next"), relu("next", "loop"), DENSE], "expected earlier"),
        ([GRAPH[0], GRAPH[0] | {"name": "again"}, *GRAPH[1:]], "exactly one input"),
        ([GRAPH[0], relu("image", "faces")], "an output of shape"),
        ([GRAPH[0] | {"settings": {"shape": [10**6, 8, 1]}}, *GRAPH[1:]], "shape"),
        ([*GRAPH, {"name": "twice", "inputs": ["classes"], "shares": "classes"}], "'shares'"),
        ([GRAPH[0], *[relu(f"r{n}", f"r{n - 1}" if n else "faces") for n in range(1000)]],
         "a graph of 1,001 layers, expected 2 to 1,000"),
        ([*GRAPH[:2], *[joined(f"c{n}", f"c{n - 1}" if n else "flatten") for n in range(9)], DENSE],
         "over 33,554,432 activations"),
        ([*GRAPH[:2], *[joined(f"c{n}", "flatten") for n in range(60)],
          joined("all", "c0") | {"inputs": [f"c{n}" for n in range(60)]},
          DENSE | {"inputs": ["all"], "arrays": {"kernel": [245760, 2], "bias": [2]}}],
         "3,902 inputs of layers, expected at most 3,000"),
        (large(2), "a network of 33,570,818 parameters"),
    ],
)
def test_a_graph_that_no_network_has_is_refused(graph, message):
    assert checked(RECORD | {"graph": GRAPH})
    with pytest.raises(UserError, match=f"model.hdf5: refused: .* has .*{message}") as error:
        checked(RECORD | {"graph": graph})
    assert "\n" not in str(error.value) and len(str(error.value)) < 600
