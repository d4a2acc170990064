"""The layers of EmotionVGGNet that have arrays, told without Keras."""

from math import prod
from typing import NamedTuple

# What EmotionVGGNet.build takes where a network's description says nothing.
DEFAULTS = {
    "blocks": 4,
    "filters": 32,
    "activation": "elu",
    "kernel_initializer": "he_normal",
    "l2": 0.0,
    "normalization_first": False,
    "global_pooling": False,
    "fc_units": (64, 64),
    "block_dropout": 0.25,
    "fc_dropout": 0.5,
    "standardization": None,
}

# The arrays of each kind of layer, in Keras's order.
ARRAYS = {
    "conv2d": ("kernel", "bias"),
    "dense": ("kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}


class Layer(NamedTuple):
    """A layer: its name, its kind (a key of ARRAYS) and its arrays' shapes, in Keras's order."""

    name: str
    kind: str
    shapes: tuple[tuple[int, ...], ...]


def layers_with_arrays(network):
    """Return a Layer for each of EmotionVGGNet.build(**network) that has arrays, first to last."""
    network = {**DEFAULTS, **network}
    found, channels = [], network["depth"]
    for block in range(network["blocks"]):
        filters = network["filters"] * 2**block
        for convolution in range(2):
            found += _normalized(f"block{block + 1}_conv{convolution + 1}", "conv2d",
                                 (3, 3, channels, filters))
            channels = filters
    if not network["global_pooling"]:
        channels *= (network["height"] >> network["blocks"]) * (
            network["width"] >> network["blocks"])
    for number, units in enumerate(network["fc_units"], start=1):
        found += _normalized(f"fc{number}", "dense", (channels, units))
        channels = units
    classes = network["classes"]
    return [*found, Layer("classes", "dense", ((channels, classes), (classes,)))]


def by_layer(network, arrays):
    """Return {layer: its arrays} for the arrays of all layers, in Keras's order."""
    arrays = iter(arrays)
    return {layer.name: tuple(next(arrays) for _ in layer.shapes)
            for layer in layers_with_arrays(network)}


def parameters(network):
    """Return how many numbers the arrays of a network hold."""
    return sum(prod(shape) for layer in layers_with_arrays(network) for shape in layer.shapes)


def _normalized(name, kind, kernel):
    bias = kernel[-1:]
    return [Layer(name, kind, (kernel, bias)),
            Layer(f"{name}_normalization", "batch_normalization", (bias,) * 4)]
