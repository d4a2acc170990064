"""A network as an ONNX model, written from its graph and its arrays."""

import json

from onnx import TensorProto, helper

from pipeline.nn.graph import LARGEST_ACTIVATION, layers_of
from pipeline.nn.layerkinds import KINDS
from pipeline.nn.onnxgraph import MODEL_NAMES, OnnxGraph
from pipeline.nn.runtimenetwork import RuntimeNetwork

OPSET = 17  # has all that is needed; runtimes of 2022 and later read it
IR_VERSION = 8  # of the release with that opset

# Enough to see the extremes: four times as many gave the same accuracy on PublicTest.
NUM_IMAGES = 512
BATCH_SIZE = 32  # all activations of a batch are in memory

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


def measure_ranges(graph, weights, images):
    """Return {tensor: [lowest, highest]} over images (N, height, width, channels) float32 in 0-1.

    graph, weights: as for onnx_network. Returns None if an activation is no number, or beyond
    LARGEST_ACTIVATION.
    """
    model, names = ranged_network(graph, weights)
    network = RuntimeNetwork(model)
    ranges = {}
    for start in range(0, len(images), BATCH_SIZE):
        arrays = network.outputs(images[start:start + BATCH_SIZE], names)
        for name, array in zip(names, arrays):
            lowest, highest = float(array.min()), float(array.max())
            if not -LARGEST_ACTIVATION <= lowest <= highest <= LARGEST_ACTIVATION:
                return None
            others = ranges.get(name, (lowest, highest))
            ranges[name] = [min(lowest, others[0]), max(highest, others[1])]
    return ranges


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
