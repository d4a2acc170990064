import inspect

import keras
import pytest

from config.experiments import EXPERIMENTS
from pipeline.nn.conv.emotionvgglayers import ARRAYS, DEFAULTS, layers_with_arrays, parameters
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet

SHAPE = {"width": 48, "height": 48, "depth": 1, "classes": 6}
# Several recipes have the same network.
RECIPES = {repr(recipe.network): recipe.network for recipe in EXPERIMENTS.values()}
NETWORKS = [*({**SHAPE, **network} for network in RECIPES.values()),
            SHAPE | {"classes": 7}, SHAPE,
            {"width": 21, "height": 13, "depth": 3, "classes": 1, "blocks": 2, "filters": 3,
             "fc_units": ()}]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_the_layers_are_those_that_keras_builds(network):
    model = EmotionVGGNet.build(**network)
    built = [(layer.name, keras.src.utils.naming.to_snake_case(type(layer).__name__),
              tuple(tuple(weight.shape) for weight in layer.weights))
             for layer in model.layers if layer.weights]
    layers = layers_with_arrays(network)
    assert built == [tuple(layer) for layer in layers]
    assert [f"{layer.name}/{array}" for layer in layers for array in ARRAYS[layer.kind]] == [
        weight.path for weight in model.weights]
    assert parameters(network) == model.count_params()


def test_the_defaults_are_those_of_the_network():
    arguments = inspect.signature(EmotionVGGNet.build).parameters.values()
    assert {argument.name: argument.default for argument in arguments
            if argument.default is not argument.empty} == DEFAULTS
