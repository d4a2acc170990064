import json

import keras
import numpy as np
import onnx
import pytest
from pipeline.nn.conv.emotionvgglayers import layers_with_arrays

from config.experiments import EXPERIMENTS
from pipeline.nn.activationranges import measure_ranges
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.onnxnetwork import OPSET, onnx_network
from pipeline.nn.runtimenetwork import RuntimeNetwork

# What inference depends on: a recipe for each of the networks that differ in it.
STRUCTURE = ("blocks", "filters", "activation", "normalization_first", "global_pooling",
             "fc_units", "standardization")
RECIPES = {tuple(recipe.network[name] for name in STRUCTURE): number
           for number, recipe in reversed(EXPERIMENTS.items())}


def trained(network):
    """Return a Keras network whose every array is drawn or measured, its record, its weights."""
    keras.utils.set_random_seed(0)
    model = EmotionVGGNet.build(**network)
    draw = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
            layer.gamma.assign(draw.uniform(0.5, 1.5, layer.gamma.shape)
                               * draw.choice((-1, 1), layer.gamma.shape))
            layer.beta.assign(draw.normal(0, 0.3, layer.beta.shape))
        elif layer.get_weights():
            layer.bias.assign(draw.normal(0, 0.3, layer.bias.shape))
    model(images(network, 32), training=True)
    weights = {layer.name: tuple(model.get_layer(layer.name).get_weights())
               for layer in layers_with_arrays(network)}
    return model, {"network": network, "class_names": list("abcdefg")[:network["classes"]]}, weights


def images(network, count=8):
    shape = (count, network["height"], network["width"], network["depth"])
    return np.random.default_rng(1).random(shape, dtype=np.float32)


def small(**changes):
    return {"width": 20, "height": 12, "depth": 1, "classes": 3, "blocks": 2, "filters": 4,
            "fc_units": [5]} | changes


@pytest.mark.parametrize(("number", "classes"), [(number, 6) for number in sorted(RECIPES.values())]
                         + [(8, 7)])
def test_probabilities_are_those_of_keras_for_every_recipe(number, classes):
    network = {"width": 48, "height": 48, "depth": 1, "classes": classes,
               **EXPERIMENTS[number].network}
    model, record, weights = trained(network)
    expected = model.predict_on_batch(images(network))
    assert np.ptp(expected, axis=0).max() > 1e-3  # they depend on the images
    found = RuntimeNetwork(onnx_network(record, weights)).predict_on_batch(images(network))
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize("changes", [
    {}, {"depth": 3}, {"fc_units": []}, {"fc_units": [5, 4, 3]}, {"global_pooling": True},
    {"normalization_first": True}, {"activation": "relu"}, {"standardization": [0.5, 0.2]},
    {"blocks": 1, "width": 21, "height": 13}, {"global_pooling": True, "fc_units": []},
])
def test_what_no_recipe_has_is_keras_network_too(changes):
    network = small(**changes)
    model, record, weights = trained(network)
    found = RuntimeNetwork(onnx_network(record, weights)).predict_on_batch(images(network))
    assert np.abs(found - model.predict_on_batch(images(network))).max() < 1e-5


@pytest.mark.parametrize("normalization_first", [True, False])
@pytest.mark.parametrize("changes", [{}, {"global_pooling": True}, {"activation": "relu"},
                                     {"standardization": [0.5, 0.2]}, {"fc_units": []}])
def test_int8_is_near(changes, normalization_first):
    network = small(normalization_first=normalization_first, **changes)
    _, record, weights = trained(network)
    ranges = measure_ranges(record, weights, images(network, 64))
    model = onnx_network(record, weights, ranges)
    onnx.checker.check_model(model, full_check=True)
    found = RuntimeNetwork(model).predict_on_batch(images(network))
    expected = RuntimeNetwork(onnx_network(record, weights)).predict_on_batch(images(network))
    assert np.ptp(expected, axis=0).max() > 0.05
    assert 0 < np.abs(found - expected).mean() < 0.05


def test_a_batch_normalization_that_directly_follows_a_kernel_is_in_it():
    operators = {}
    for first in (True, False):
        _, record, weights = trained(small(normalization_first=first))
        model = onnx_network(record, weights)
        operators[first] = [node.op_type for node in model.graph.node]
    assert "BatchNormalization" not in operators[True]
    assert operators[False].count("BatchNormalization") == 5


def test_the_model_says_what_it_takes_and_gives():
    _, record, weights = trained(small())
    model = onnx_network(record, weights)
    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(properties["class_names"]) == ["a", "b", "c"]
    assert "divided by 255" in properties["preprocessing"]


def test_kernels_and_biases_that_are_all_zero_or_tiny_do_no_harm():
    network = small(normalization_first=True)
    _, record, weights = trained(network)
    for kernel, bias in (weights["block1_conv1"], weights["block2_conv1"]):
        kernel[..., 0] = 0
        kernel[..., 1] = 1e-30
        bias[0] = 0
    ranges = measure_ranges(record, weights, images(network, 64))
    expected = RuntimeNetwork(onnx_network(record, weights)).predict_on_batch(images(network))
    found = RuntimeNetwork(onnx_network(record, weights, ranges)).predict_on_batch(images(network))
    assert np.abs(found - expected).mean() < 0.05
