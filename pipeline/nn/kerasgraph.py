"""From a Keras model to its graph as plain data, and back."""

import inspect
import re

import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.nn.graph import layers_of
from pipeline.nn.layerkinds import KINDS
from pipeline.nn.tensorflowlayers import SUBSTITUTES

# What a graph leaves out of a layer's configuration: a fresh network is drawn by the code that
# builds it, a trained one has its weights.
NOT_DESCRIBED = re.compile(r"name|dtype|seed|batch_shape|.*_initializer")


def graph_of(model):
    """Return the graph of a functional keras.Model; see pipeline/nn/graph.py.

    Layers that Keras named are numbered anew, so that a network has the same graph whenever it is
    built. Raises UserError, in one line, if the model has a layer that is none of KINDS, or that
    has settings a graph cannot hold.
    """
    _require_kinds(model)
    graph = [{"name": name, "inputs": inputs, "kind": _kind_of(layer),
              "settings": _settings_of(layer),
              "arrays": {weight.name: list(weight.shape) for weight in layer.weights}}
             for layer, name, inputs in _calls(model)]
    try:
        layers_of(graph)
    except ValueError as error:
        raise UserError(f"{model.name}: has {error}") from None
    return graph


def weights_of(model):
    """Return {layer: {array: values}} of a model that has a graph, by the names there."""
    return {name: {weight.name: np.array(weight) for weight in layer.weights}
            for layer, name, _ in _calls(model) if layer.weights}


def set_weights(model, weights):
    """Give a model of keras_model its weights, {layer: {array: values}}."""
    for name, arrays in weights.items():
        model.get_layer(name).set_weights(list(arrays.values()))


def keras_model(graph, dtype=None):
    """Return the network of a graph as an uncompiled keras.Model, with weights drawn anew.

    dtype: of the layers, by default that of the precision policy; the output is float32 in any
    case. On TensorFlow some layers have faster or safer operations than Keras's own; a model file
    names Keras's.
    """
    first, *others = layers_of(graph)
    inputs = keras.Input(first.settings["shape"], name=first.name)
    tensors = {first.name: inputs}
    for layer in others:
        called = _keras_layer(layer.kind, layer.settings, name=layer.name,
                              dtype="float32" if layer is others[-1] else dtype)
        given = [tensors[name] for name in layer.inputs]
        tensors[layer.name] = called(
            given if layer.kind in ("Add", "Multiply", "Concatenate") else given[0])
    return keras.Model(inputs, tensors[others[-1].name], name="emotions")


def _require_kinds(model):
    if not hasattr(model, "operations"):  # which functional models alone have
        raise UserError(f"a network that is a {type(model).__name__}, expected a functional "
                        "keras.Model(inputs, outputs)")
    for layer in model.operations:
        if _kind_of(layer) not in KINDS:
            raise UserError(f"{model.name}: its layer {layer.name} is a {_kind_of(layer)}, "
                            f"expected one of {', '.join(KINDS)}")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise UserError(f"{model.name}: {len(model.inputs)} inputs and {len(model.outputs)} "
                        "outputs, expected one each")


def _kind_of(layer):
    """Return the name of a layer's class, with its module where that is not Keras's layers."""
    kind = type(layer)
    known = getattr(keras.layers, kind.__name__, None)
    ours = kind.__module__ == "keras.layers"
    return kind.__name__ if known is kind or ours else f"{kind.__module__}.{kind.__name__}"


def _settings_of(layer):
    """Return a layer's settings as plain data; raise UserError if it has others."""
    kind, config = _kind_of(layer), layer.get_config()
    if kind == "InputLayer":
        return {"shape": list(layer.batch_shape[1:])}
    if kind == "BatchNormalization" and config["axis"] == len(
            layer.get_build_config()["input_shape"]) - 1:
        config["axis"] = -1
    settings = {name: _plain(config[name]) for name in KINDS[kind].settings}
    try:
        again = _keras_layer(kind, settings, name=layer.name).get_config()
    except (ValueError, TypeError):
        return settings  # which layers_of refuses
    for name, value in config.items():
        if not NOT_DESCRIBED.fullmatch(name) and _plain(value) != _plain(again.get(name)):
            raise UserError(f"{layer.name}: a {kind} with {name} {value!r:.100}, which a model "
                            "file cannot hold; leave it out")
    return settings


def _keras_layer(kind, settings, **options):
    """Return a new Keras layer."""
    kinds = SUBSTITUTES if keras.backend.backend() == "tensorflow" else {}
    arguments = {name: keras.regularizers.L1L2(*value)
                 if value and name.endswith("_regularizer") else value
                 for name, value in settings.items()}
    return kinds.get(kind, getattr(keras.layers, kind))(**arguments, **options)


def _plain(value):
    """Return a setting as lists, numbers and strings; of a regularizer its factors [L1, L2]."""
    if isinstance(value, dict) and value.get("class_name") in ("L1", "L2", "L1L2"):
        return [float(value["config"].get(factor, 0.0)) for factor in ("l1", "l2")]
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def _calls(model):
    """Return [(layer, its name in the graph, names of its inputs)] in order.

    The order depends on the graph alone: each layer follows its inputs, the output is last. Names
    that Keras gave are numbered anew, and a layer without weights that is called again counts as
    another one. Raises UserError if a call is one that a graph cannot hold.
    """
    calls, names, counts, waiting = [], {}, {}, [model.outputs[0]._keras_history[:2]]
    while waiting:  # depth first: a call stays until its inputs are done
        layer, node = call = waiting[-1]
        arguments = layer._inbound_nodes[node].arguments
        inputs = [tensor._keras_history[:2] for tensor in arguments.keras_tensors]
        missing = [other for other in inputs if other not in names]
        if missing:
            waiting.append(missing[0])
            continue
        waiting.pop()
        _require_usual_call(layer, arguments.kwargs, [other for other, _ in names])
        name = re.sub(r"_\d+$", "", layer.name)
        if name.replace("_", "") != type(layer).__name__.lower():
            name = layer.name  # not Keras's choice
        number = counts[name] = counts.get(name, -1) + 1
        names[call] = f"{name}_{number}" if number else name
        calls.append((layer, names[call], [names[other] for other in inputs]))
    return calls


def _require_usual_call(layer, arguments, earlier):
    if layer.weights and layer in earlier:
        raise UserError(f"{layer.name}: has weights and is called twice, which a model file "
                        "cannot hold; make a layer for each call")
    usual = inspect.signature(layer.call).parameters
    for name, value in arguments.items():
        if name not in usual or value != usual[name].default:
            raise UserError(f"{layer.name}: is called with {name}={value!r:.100}, which a model "
                            "file cannot hold; leave it out")
