from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from config.experiments import EXPERIMENTS
from pipeline.errors import UserError
from pipeline.nn.conv import emotionvggnet
from pipeline.nn.kerasgraph import graph_of, keras_model
from pipeline.training.network import built, freeze, require_trainable

SHAPE = (48, 48, 1)


@pytest.mark.parametrize("number", [1, 4, 5, 6, 7, 8, 29])  # the others have their networks
def test_every_recipe_builds_a_network_that_can_be_kept(number):
    recipe = EXPERIMENTS[number]
    model = built(recipe, number, SHAPE, recipe.classes or 6)
    assert model.output_shape == (None, recipe.classes or 6)
    assert graph_of(keras_model(graph_of(model))) == graph_of(model)


def test_emotionvggnet_takes_the_fields_of_its_recipe():
    recipe = replace(EXPERIMENTS[8], activation="gelu", filters=16, block_dropout=0.1,
                     options={"blocks": 3})
    graph = graph_of(built(recipe, 8, SHAPE, 6))
    assert {layer["settings"]["activation"] for layer in graph
            if layer.get("kind") == "Activation"} == {"gelu", "softmax"}
    assert [layer["settings"]["filters"] for layer in graph if layer["kind"] == "Conv2D"] == [
        16, 16, 32, 32, 64, 64]


@pytest.mark.parametrize(("changes", "message"), [
    ({"architecture": "nothing.Nothing"}, "experiment 8 has the architecture 'nothing.Nothing'"),
    ({"architecture": "emotionvggnet.Nothing"}, "expected module.Class, a file in pipeline/nn/co"),
    ({"architecture": "emotionvggnet"}, "has the architecture 'emotionvggnet'"),
    ({"architecture": "minixception.MiniXception", "options": {"depht": 3}}, "argument 'depht'"),
])
def test_a_recipe_of_no_network_is_one_line(changes, message):
    with pytest.raises(UserError, match=message) as error:
        built(replace(EXPERIMENTS[8], **changes), 8, SHAPE, 6)
    assert "\n" not in str(error.value)


def ends_in(activation, units=6):
    x = inputs = keras.Input(SHAPE)
    x = layers.Dense(units, activation=activation)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x, name="mine")


@pytest.mark.parametrize(("build", "message"), [
    (lambda: ends_in(None), "mine: its output is no probabilities; end it in a softmax"),
    (lambda: ends_in("sigmoid"), "end it in a softmax"),
    (lambda: ends_in("softmax", units=5), r"expected from \(48, 48, 1\) to \(6,\)"),
])
def test_a_network_that_does_not_classify_is_one_line(build, message):
    with pytest.raises(UserError, match=message):
        require_trainable(build(), SHAPE, 6)


def test_what_is_derived_must_agree_with_keras(monkeypatch):
    model = ends_in("softmax")
    require_trainable(model, SHAPE, 6)
    monkeypatch.setattr("pipeline.training.network.RuntimeNetwork", lambda written: SimpleNamespace(
        predict_on_batch=lambda images: np.full((2, 6), 1 / 6)))
    model.layers[-1].set_weights([np.full((1, 6), 9.0) * np.arange(6), np.zeros(6)])
    with pytest.raises(UserError, match=r"its probabilities differ by .* as ONNX, exp"):
        require_trainable(model, SHAPE, 6)


def test_frozen_blocks_need_layers_of_their_names():
    model = emotionvggnet.EmotionVGGNet.build(48, 48, 1, 6)
    freeze(model, 2)
    frozen = {layer.name for layer in model.layers if not layer.trainable}
    assert frozen and all(name.startswith(("block1_", "block2_")) for name in frozen)
    with pytest.raises(UserError, match="no layers named block1_"):
        freeze(ends_in("softmax"), 1)
