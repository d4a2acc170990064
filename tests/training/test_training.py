from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from config import emotion_config
from config.experiments import EXPERIMENTS
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.graph import layers_of
from pipeline.training.data import class_weights
from pipeline.training.network import compile_for_training, freeze, pretrained
from tests.conftest import record_of, run_main
from tests.training.small import write_databases

NETWORK = {"width": 16, "height": 16, "depth": 1, "blocks": 2, "filters": 4}


def network(classes):
    return EmotionVGGNet.build(**NETWORK, classes=len(classes))


@pytest.mark.parametrize("classes", [("a", "b", "c"), ("c", "b", "a"), ("a", "b")])
def test_other_classes_get_a_new_layer_and_all_else_is_taken_over(tmp_path, classes):
    path = tmp_path / "trained.hdf5"
    checkpoint.save(network("abc"), path, record_of(NETWORK | {"classes": 3}))
    before = checkpoint.read(path)[1]
    graph, after = pretrained(path, classes)
    assert layers_of(graph)[-1].shape == (len(classes),)
    assert before.keys() == after.keys()
    for name, arrays in before.items():
        same = all(np.array_equal(array, after[name][kind]) for kind, array in arrays.items())
        assert same == (name != "classes" or classes == ("a", "b", "c"))


def test_the_weights_of_classes_make_each_weigh_the_same():
    dataset = SimpleNamespace(class_names=("a", "b", "c"), labels=np.repeat([0, 2], [30, 10]))
    weights = class_weights(dataset)
    assert weights[0] * 30 == weights[2] * 10 == pytest.approx(20)


def test_frozen_blocks_stay_as_they_are():
    keras.utils.set_random_seed(0)
    model = network("abc")
    freeze(model, blocks=1)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.compile("sgd", "categorical_crossentropy")
    random = np.random.default_rng(0)
    model.fit(random.random((32, 16, 16, 1), np.float32), np.eye(3)[np.arange(32) % 3], verbose=0)
    for layer in model.layers:
        if layer.weights:
            same = all(map(np.array_equal, before[layer.name], layer.get_weights()))
            assert same == layer.name.startswith("block1_"), layer.name


def test_a_network_with_frozen_blocks_resumes_to_the_same_weights(tmp_path):
    def fresh():
        keras.utils.set_random_seed(0)
        model = network("abc")
        freeze(model, blocks=1)
        compile_for_training(model, "sgd", 0.01)
        return model

    random = np.random.default_rng(0)
    batch = random.random((32, 16, 16, 1), np.float32), np.eye(3, dtype=np.float32)[
        np.arange(32) % 3]
    whole, resumed = fresh(), fresh()
    whole.train_on_batch(*batch)
    checkpoint.save(whole, tmp_path / "epoch_1.hdf5",
                    record_of(NETWORK | {"classes": 3}, history={"loss": [1.5]}))
    checkpoint.restore(resumed, tmp_path / "epoch_1.hdf5")
    for model in (whole, resumed):
        keras.utils.set_random_seed(1)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.seed_generator.state.assign([1, 1])
        model.train_on_batch(*batch)
    assert all(map(np.array_equal, whole.get_weights(), resumed.get_weights()))


def test_a_recipe_may_have_its_own_batch_size(tmp_path, monkeypatch):
    given = []

    def train(recipe, record, settings, distribution):
        given.append(settings.batch_size)
        record["history"]["val_accuracy"] = [0.5]
        return 1

    monkeypatch.setattr("pipeline.training.training.train", train)
    monkeypatch.setitem(EXPERIMENTS, 2, replace(EXPERIMENTS[2], batch_size=1024))
    write_databases(tmp_path)
    for experiment, expected in {1: emotion_config.BATCH_SIZE, 2: 1024}.items():
        process = run_main("train_recognizer.py", "--experiment", experiment, "--dataset",
                           tmp_path, "--checkpoints", tmp_path, "--output", tmp_path)
        assert process.returncode == 0, process.stderr_text
        assert given[-1] == expected
