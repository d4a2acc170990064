"""The network of a training: built from its recipe or a trained one, and compiled."""

import importlib
from functools import partial
from importlib.util import find_spec
from inspect import signature

import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.graph import kernels, layers_of, with_classes
from pipeline.nn.kerasgraph import graph_of, keras_model, set_weights, weights_of
from pipeline.nn.onnxnetwork import onnx_network
from pipeline.nn.runtimenetwork import RuntimeNetwork

DEFAULT_ARCHITECTURE = "emotionvggnet.EmotionVGGNet"
LARGEST_DIFFERENCE = 1e-4  # of a probability, between Keras and what is derived from its model


def built(recipe, experiment, input_shape, classes):
    """Return a recipe's network, a keras.Model with weights drawn anew.

    recipe.architecture names a class in pipeline/nn/conv/. Raises UserError if there is no such
    class, or it takes other options.
    """
    module, _, name = recipe.architecture.partition(".")
    there = find_spec(f"pipeline.nn.conv.{module}")
    network = getattr(importlib.import_module(there.name), name, None) if there else None
    if not hasattr(network, "build"):
        raise UserError(f"experiment {experiment} has the architecture {recipe.architecture!r}, "
                        f"expected module.Class, a file in pipeline/nn/conv/ and a class in it "
                        "with build()")
    height, width, depth = input_shape
    arguments = {"width": width, "height": height, "depth": depth, "classes": classes}
    if recipe.architecture == DEFAULT_ARCHITECTURE:
        arguments |= {name: getattr(recipe, name) for name in signature(network.build).parameters
                      if hasattr(recipe, name) and name not in arguments}
    arguments |= recipe.options
    try:
        signature(network.build).bind(**arguments)
    except TypeError as error:
        raise UserError(f"experiment {experiment}: {recipe.architecture}.build: {error}; see the "
                        "recipe's options in config/experiments.py") from None
    return network.build(**arguments)


def require_trainable(model, input_shape, classes):
    """Try what is derived from a network: the same network from its graph, and as ONNX.

    Both run on two random images. Raises UserError if they differ from the model by over
    LARGEST_DIFFERENCE, or the model has other shapes, or gives no probabilities.
    """
    graph, weights = graph_of(model), weights_of(model)
    shapes = model.input_shape[1:], model.output_shape[1:]
    if shapes != (tuple(input_shape), (classes,)):
        raise UserError(f"{model.name}: from {shapes[0]} to {shapes[1]}, expected from "
                        f"{input_shape} to {(classes,)}")
    images = np.random.default_rng(0).random((2, *input_shape), np.float32)
    expected = np.asarray(model(images, training=False))
    if not np.allclose(expected.sum(axis=1), 1, atol=1e-3) or expected.min() < 0:
        raise UserError(f"{model.name}: its output is no probabilities; end it in a softmax")
    again = keras_model(graph)
    set_weights(again, weights)
    runtime = RuntimeNetwork(onnx_network(graph, weights, range(classes)))
    for found, what in ((np.asarray(again(images, training=False)), "when it is built again"),
                        (runtime.predict_on_batch(images), "as ONNX")):
        difference = abs(found - expected).max()
        if not difference <= LARGEST_DIFFERENCE:
            raise UserError(f"{model.name}: its probabilities differ by {difference:.1g} {what}, "
                            f"expected at most {LARGEST_DIFFERENCE}")


def pretrained(path, class_names):
    """Return (graph, weights) of a trained network; for other classes its last layer is drawn anew.

    Raises UserError as checkpoint.read does, and if the network cannot be given other classes.
    """
    record, weights = checkpoint.read(path)
    try:
        graph = with_classes(record["graph"], len(class_names))
    except ValueError as error:
        raise UserError(f"{path}: {error}; it cannot learn other classes") from None
    if tuple(record["class_names"]) != tuple(class_names):
        last = kernels(layers_of(graph))[-1].name
        weights[last] = weights_of(keras_model(graph))[last]
    return graph, weights


def freeze(model, blocks):
    """Keep the layers named block1_..., block2_... as they are; raise UserError without such."""
    for block in range(1, blocks + 1):
        layers = [layer for layer in model.layers if layer.name.startswith(f"block{block}_")]
        if not layers:
            raise UserError(f"frozen_blocks is {blocks}, and the network has no layers named "
                            f"block{block}_...; take a recipe with frozen_blocks=0")
        for layer in layers:
            layer.trainable = False


def compile_for_training(model, optimizer, learning_rate, *, label_smoothing=0.0,
                         ema_momentum=None):
    """Compile a classifier with "sgd" (Nesterov momentum 0.9, the original's) or "adam".

    label_smoothing: share of the target that goes to all classes alike, 0-1. ema_momentum: the
    optimizer keeps an exponential moving average of the weights, with this share of the old.
    """
    average = {"use_ema": True, "ema_momentum": ema_momentum} if ema_momentum else {}
    if optimizer == "sgd":
        kind = partial(keras.optimizers.SGD, momentum=0.9, nesterov=True)
    else:
        kind = keras.optimizers.Adam
    model.compile(
        # Without a name Keras numbers them, and a checkpoint finds their state by its name.
        optimizer=kind(learning_rate, name=optimizer, **average),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # XLA halves TensorFlow's speed on a CPU
    )


def learning_rate_schedule(recipe, epochs):
    """Return a function of the epoch, counted from 0, for a training of `epochs` in all.

    recipe: with learning_rate(epoch), counted from 1, cosine and warmup_epochs. With cosine the
    recipe's rate is the peak: it is climbed to over warmup_epochs and left for 0 along half a
    cosine (Loshchilov and Hutter, 2017). Else the rate is the recipe's at each epoch.
    """
    if not recipe.cosine:
        return lambda epoch: recipe.learning_rate(epoch + 1)
    peak = recipe.learning_rate(1)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / (recipe.warmup_epochs + 1), warmup_target=peak,
        warmup_steps=recipe.warmup_epochs, decay_steps=epochs - recipe.warmup_epochs)
    return lambda epoch: float(schedule(epoch))


def seed_layers(model, seed, epoch):
    """Seed each layer that draws (dropout, noise) by the seed and the epoch, counted from 1.

    So a resumed epoch draws what it would have drawn in a run that was never stopped, whatever
    the model file keeps of the random state.
    """
    for position, layer in enumerate(model.layers):
        if generator := getattr(layer, "seed_generator", None):
            state = np.random.SeedSequence((seed, epoch, position))
            generator.state.assign(state.generate_state(2))
