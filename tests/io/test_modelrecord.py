import json
from dataclasses import asdict

import pytest

from config.experiments import EXPERIMENTS
from pipeline.errors import UserError
from pipeline.io.modelrecord import parsed
from tests.conftest import record_of

NETWORK = {"width": 48, "height": 48, "depth": 1, "classes": 2}
EMBEDDING = {"module": "keras.layers", "class_name": "Embedding", "registered_name": None,
             "config": {"input_dim": 10**9, "output_dim": 1000}}


def checked(record):
    return parsed(json.dumps(record).encode(), "model.hdf5")


@pytest.mark.parametrize("number", EXPERIMENTS)
def test_the_records_of_all_recipes_are_right(number):
    recipe = EXPERIMENTS[number]
    record = record_of(NETWORK | recipe.network, experiment=number, epochs=recipe.epochs,
                       recipe=asdict(recipe), teachers=["a.hdf5"], backend="jax", batch_size=128)
    assert checked(record) == json.loads(json.dumps(record))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation": EMBEDDING}, "network activation"),
        ({"kernel_initializer": EMBEDDING}, "network kernel_initializer"),
        ({"l2": EMBEDDING}, "network l2"), ({"l2": "0.1"}, "network l2"),
        ({"l2": float("nan")}, "NaN is not a number"), ({"l2": -1}, "network l2"),
        ({"filters": 10**9}, "network filters"), ({"filters": True}, "network filters"),
        ({"blocks": 7}, "network blocks"), ({"blocks": 6, "fc_units": [1]}, "images too small"),
        ({"width": 128, "height": 128, "blocks": 1, "filters": 64, "fc_units": [512]},
         "a network of 134,"),
        ({"depth": None}, "network depth"), ({"classes": 0}, "network classes"),
        ({"classes": 3}, "2 different class names, expected 3"),
        ({"fc_units": [64] * 5}, "network fc_units"), ({"fc_units": 64}, "network fc_units"),
        ({"block_dropout": [0.1] * 3}, "3 rates of block_dropout"),
        ({"block_dropout": 1.5}, "network block_dropout"),
        ({"standardization": [0.5, 0]}, "network standardization"),
        ({"unknown": 1}, "a field network 'unknown'"),
    ],
)
def test_a_network_that_no_recipe_has_is_refused(changes, message):
    with pytest.raises(UserError, match=f"model.hdf5: .*{message}") as error:
        try:
            checked(record_of(NETWORK | changes, class_names=["a", "b"]))
        except ValueError as problem:  # not JSON: checkpoint's reading makes it a UserError
            raise UserError(f"model.hdf5: {problem}") from problem
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ["a", "a"]}, "1 different class names"),
        ({"class_names": ["a", "b\x1b[2J"]}, "class_names"),
        ({"class_names": ["a", "\ud800"]}, "class_names"), ({"class_names": ["a", ""]}, "class_na"),
        ({"class_names": ["a", "b" * 65]}, "class_names"), ({"class_names": "ab"}, "class_names"),
        ({"class_names": {"a": 1, "b": 2}}, "class_names"),
        ({"epoch": -1}, "epoch"), ({"epoch": 1.0}, "epoch"), ({"epoch": "1"}, "epoch"),
        ({"epochs": 0}, "epochs"), ({"epoch": 2, "epochs": 1, "history": {}}, "epoch 2 of 1"),
        ({"experiment": [6]}, "experiment"), ({"experiment": None}, "experiment"),
        ({"seed": 2**32}, "seed"), ({"precision": "float64"}, "precision"),
        ({"backend": "numpy"}, "backend"), ({"batch_size": 0}, "batch_size"),
        ({"teachers": "a"}, "teachers"), ({"val_accuracy": 2}, "val_accuracy"),
        ({"val_accuracy": "good"}, "val_accuracy"), ({"history": [1]}, "history"),
        ({"history": {"loss": [1.0, 2.0]}}, "2 values of loss, expected 1"),
        ({"history": {"loss": [None]}}, "history"), ({"history": {"loss": ["1"]}}, "history"),
        ({"history": {"loss": [1e999]}}, "Infinity is not a number"),
        ({"recipe": EMBEDDING}, "recipe"), ({"network": []}, "network"),
        ({"arrays": "float8"}, "arrays"), ({"more": 1}, "a field 'more'"),
    ],
)
def test_a_record_that_no_training_writes_is_refused(changes, message):
    with pytest.raises((UserError, ValueError), match=message):
        checked(record_of(NETWORK) | changes)


@pytest.mark.parametrize("name", record_of(NETWORK))
def test_a_record_without_a_field_is_refused(name):
    record = record_of(NETWORK)
    del record[name]
    with pytest.raises(UserError, match=f"refused: its record has no {name}"):
        checked(record)
