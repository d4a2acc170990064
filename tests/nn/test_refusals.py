from functools import cache

import keras
import pytest
from keras import layers

from pipeline.errors import UserError
from pipeline.nn.graph import MOST_LAYERS, layers_of, with_classes
from pipeline.nn.kerasgraph import graph_of
from tests.nn.networks import NETWORKS, classified


class OwnLayer(layers.Layer):
    def call(self, inputs):
        return inputs


def around(layer, **call):
    x = inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3)(x)
    x = layer(x, **call)
    return keras.Model(inputs, classified(layers.Flatten()(x)))


def with_operation():
    x = inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, classified(layers.Flatten()(x + x)))


def two_inputs():
    inputs = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(inputs, classified(layers.Add()(inputs)))


def called_twice():
    x = inputs = keras.Input((8, 8, 1))
    convolution = layers.Conv2D(1, 3, name="again")
    return keras.Model(inputs, classified(layers.Flatten()(convolution(convolution(x)))))


def of_image_and_vector():
    x = inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, classified(layers.Flatten()(
        layers.Multiply()([x, layers.GlobalAveragePooling2D()(x)]))))


def of_vectors():
    inputs = keras.Input((4,))
    return keras.Model(inputs, classified(inputs))


@pytest.mark.parametrize(("build", "message"), [
    (lambda: around(layers.Lambda(lambda x: x, name="mine")), "layer mine is a .*Lambda, expected"),
    (lambda: around(OwnLayer(name="own")), "its layer own is a .*OwnLayer, expected one of"),
    (lambda: around(layers.LayerNormalization()), "LayerNormalization, expected one of InputLay"),
    (with_operation, "its layer add.* is a .*Add, expected one of"),
    (two_inputs, "2 inputs and 1 outputs, expected one each"),
    (called_twice, "again: has weights and is called twice"),
    (of_image_and_vector, "a vector becomes an image of one pixel by Reshape"),
    (lambda: around(layers.ReLU(threshold=1)), "threshold 1"),
    (lambda: around(layers.Reshape((6, 24))), r"it would give \(6, 24\), expected an image"),
    (of_vectors, r"shape \[4\], expected a list of 3"),
    (lambda: keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten()]), "is a Sequential, exp"),
    (lambda: around(layers.Conv2D(4, 3, kernel_constraint="max_norm")), "with kernel_constraint"),
    (lambda: around(layers.Conv2D(4, 3, kernel_regularizer="orthogonal_regularizer")),
     "kernel_regularizer"),
    (lambda: around(layers.Activation("softplus")), "activation 'softplus', expected one of"),
    (lambda: around(layers.Conv2D(4, 3, activation=keras.ops.abs)), "activation"),
    (lambda: around(layers.BatchNormalization(axis=1)), "BatchNormalization with axis 1"),
    (lambda: around(layers.BatchNormalization(renorm=True)), "renorm"),
    (lambda: around(layers.BatchNormalization(), training=True), "is called with training=True"),
    (lambda: around(layers.Dropout(0.5, noise_shape=(None, 1, 1, 4))), "noise_shape"),
    (lambda: around(layers.Conv2D(4, 3, trainable=False)), "trainable"),
    (lambda: around(layers.Conv2D(4, 3, name="x" * 73)), "name 'xxx.*expected 1 to 72 printable"),
])
def test_a_network_that_a_model_file_cannot_hold_is_one_line(build, message):
    with pytest.raises(UserError, match=message) as error:
        graph = graph_of(build())
        layers_of(graph)
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


@cache
def graph():
    return graph_of(NETWORKS["residual"]())


def setting(name, **changes):
    return [{**layer, "settings": {**layer["settings"], **changes}} if layer["name"] == name
            else layer for layer in graph()]


@pytest.mark.parametrize(("harm", "message"), [
    (lambda: graph() * (MOST_LAYERS // 10), "layers, expected 2 to 1,000"),
    (lambda: setting("conv2d", filters=10**9), "filters 1000000000, expected"),
    (lambda: setting("conv2d", kernel_size=[200, 200], padding="valid"), "it would give"),
    (lambda: setting("conv2d", strides=[0, 1]), "strides"),
    (lambda: setting("conv2d", groups=3), "that the groups divide"),
    (lambda: setting("conv2d", unknown=1), "unknown"),
    (lambda: setting("rescaling", scale=[1.0] * 7), "scale"),
    (lambda: graph()[:-2], "an output of shape"),
])
def test_a_graph_that_no_network_has_is_refused(harm, message):
    with pytest.raises(ValueError, match=message):
        layers_of(harm())


def wide(count, filters, side, kernel=3):
    """Return a graph that convolves an image again and again."""
    settings = {"filters": filters, "groups": 1, "kernel_regularizer": None,
                "kernel_size": [kernel, kernel], "strides": [1, 1], "padding": "same",
                "dilation_rate": [1, 1], "activation": "linear", "use_bias": False,
                "bias_regularizer": None}
    first = {"name": "conv0", "kind": "InputLayer", "inputs": [], "arrays": {},
             "settings": {"shape": [side, side, filters]}}
    conv = {"kind": "Conv2D", "settings": settings,
            "arrays": {"kernel": [kernel, kernel, filters, filters]}}
    return [first, *(conv | {"name": f"conv{number}", "inputs": [f"conv{number - 1}"]}
                     for number in range(1, count + 1))]


@pytest.mark.parametrize(("arguments", "message"), [
    ((1, 1024, 8, 7), "51,380,224 parameters, expected at most 32,000,000"),
    ((900, 64, 64), "multiply-adds an image"),
    ((900, 1, 1024), "activations an image"),
])
def test_a_graph_that_would_take_too_long_or_too_much_is_refused(arguments, message):
    layers = wide(*arguments)
    pooled = {"name": "mean", "kind": "GlobalAveragePooling2D", "inputs": [layers[-1]["name"]],
              "settings": {"keepdims": False}, "arrays": {}}
    with pytest.raises(ValueError, match=message):
        layers_of([*layers, pooled])


def test_other_classes_change_the_last_kernel():
    assert layers_of(with_classes(graph(), 5))[-1].shape == (5,)
    headless = [layer for layer in graph() if layer["kind"] != "Dense"]
    with pytest.raises(ValueError, match="does not fit its inputs"):
        with_classes(headless, 5)
