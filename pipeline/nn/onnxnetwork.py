"""A network as an ONNX model, written from its graph and its arrays."""

import json

from onnx import TensorProto, helper

from pipeline.nn.graph import layers_of
from pipeline.nn.layerkinds import KINDS
from pipeline.nn.onnxgraph import MODEL_NAMES, OnnxGraph

OPSET = 17  # has all that is needed; runtimes of 2022 and later read it
IR_VERSION = 8  # of the release with that opset

PREPROCESSING = ("the square box of a face in a gray picture, shrunk to the network's width and "
                 "height by the mean over areas, divided by 255")


def onnx_network(graph, weights, class_names, ranges=None):
    """Return the onnx.ModelProto of a network.

    It takes `images` (N, height, width, channels) float32 in 0-1, as the Keras network does, and
    gives `probabilities` (N, classes) float32. graph: see pipeline/nn/graph.py. weights: {layer's
    name: {array's name: array}}. ranges: {tensor: (lowest, highest)} of the activations, for int8
    in place of float32. Raises ValueError if the ranges are those of another network, or the
    weights give no numbers.
    """
    return _written(graph, weights, class_names, ranges)[0]


def ranged_network(graph, weights):
    """Return the float32 model and the tensors whose ranges int8 needs, which it gives as well."""
    model, names = _written(graph, weights, (), None)
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    return model, names


def _written(graph, weights, class_names, ranges):
    layers = layers_of(graph)
    if ranges is not None and set(ranges) != set(needed := _written(graph, weights, (), None)[1]):
        raise ValueError(f"activation_ranges of {sorted(ranges)}, expected {needed}")
    writer = OnnxGraph(layers, weights, ranges)
    tensors, (given, output) = {}, MODEL_NAMES
    for layer in layers:
        inputs = [tensors[name] for name in layer.inputs] or [
            writer.node("Transpose", [given], layer.name, perm=(0, 3, 1, 2))]
        tensors[layer.name] = KINDS[layer.kind].write(writer, layer, inputs,
                                                      weights.get(layer.owner, {}))
    writer.nodes.append(helper.make_node("Identity", [tensors[layers[-1].name]], [output]))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *layer.shape])
              for name, layer in ((given, layers[0]), (output, layers[-1]))]
    model = helper.make_model(
        helper.make_graph(writer.nodes, "emotions", values[:1], values[1:], writer.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {"class_names": json.dumps(list(class_names)),
                                   "preprocessing": PREPROCESSING})
    return model, writer.ranged
