"""EmotionVGGNet as an ONNX model, written from a model file's record and arrays."""

import json

import numpy as np
from onnx import TensorProto, helper

from pipeline.nn.conv.emotionvgglayers import DEFAULTS
from pipeline.nn.folding import EPSILON, folded
from pipeline.nn.onnxgraph import OnnxGraph

OPSET = 17  # has all that is needed; runtimes of 2022 and later read it
IR_VERSION = 8  # of the release with that opset

ACTIVATIONS = {"relu": "Relu", "elu": "Elu"}
PREPROCESSING = ("the square box of a face in a gray picture, shrunk to the network's width and "
                 "height by the mean over areas, divided by 255")


def onnx_network(record, weights, ranges=None):
    """Return the onnx.ModelProto of a network.

    It takes `images` (N, height, width, depth) float32 in 0-1, as the Keras network does, and
    gives `probabilities` (N, classes) float32. record, weights: of checkpoint.read. ranges: the
    activations', {stage: (lowest, highest)}, for int8 in place of float32.
    """
    network = {**DEFAULTS, **record["network"]}
    graph = OnnxGraph(ranges)
    x = _standardized(graph, network["standardization"])
    stage = "standardized"
    for block in range(1, network["blocks"] + 1):
        for convolution in (1, 2):
            x = stage = _layer(graph, x, stage, f"block{block}_conv{convolution}", network, weights)
        x = graph.node("MaxPool", [graph.enter(x, stage)], f"block{block}_pool",
                       kernel_shape=(2, 2), strides=(2, 2))
    if network["global_pooling"]:
        x = graph.node("GlobalAveragePool", [graph.enter(x, stage)], "mean_image")
        x = stage = graph.node("Flatten", [x], "mean")
    else:
        x = graph.node("Transpose", [x], "channels_last", perm=(0, 2, 3, 1))  # as Keras flattens
        x = graph.node("Flatten", [x], "flat")
    for number in range(1, len(network["fc_units"]) + 1):
        x = stage = _layer(graph, x, stage, f"fc{number}", network, weights)
    x = graph.node("Softmax", [_kernel(graph, x, stage, "classes", *weights["classes"])],
                   "probabilities", axis=-1)
    return _model(graph, network, record["class_names"], x)


def _standardized(graph, standardization):
    if not standardization:
        return graph.node("Transpose", ["images"], "standardized", perm=(0, 3, 1, 2))
    mean, deviation = standardization
    x = graph.node("Transpose", ["images"], "channels_first", perm=(0, 3, 1, 2))
    x = graph.node("Mul", [x, graph.constant("factor", np.float32(1 / deviation))], "scaled")
    return graph.node("Add", [x, graph.constant("offset", np.float32(-mean / deviation))],
                      "standardized")


def _layer(graph, x, stage, name, network, weights):
    """Add a convolution or a fully connected layer, with its normalization and activation."""
    (kernel, bias), normalization = weights[name], weights[f"{name}_normalization"]
    activation = ACTIVATIONS[network["activation"]]
    if network["normalization_first"]:
        x = _kernel(graph, x, stage, f"{name}_sum", *folded(kernel, bias, normalization))
        return graph.node(activation, [x], name)
    x = _kernel(graph, x, stage, f"{name}_sum", kernel, bias)
    x = graph.node(activation, [x], f"{name}_activation")
    arrays = [graph.constant(f"{name}_{what}", array)
              for what, array in zip(("gamma", "beta", "mean", "variance"), normalization)]
    return graph.node("BatchNormalization", [x, *arrays], name, epsilon=EPSILON)


def _kernel(graph, x, stage, name, kernel, bias):
    """Add what a kernel, in Keras's order of axes, makes of x."""
    x = graph.enter(x, stage)
    if kernel.ndim == 4:
        arrays = graph.kernel(name, kernel.transpose(3, 2, 0, 1), bias, stage)
        return graph.node("Conv", [x, *arrays], name, kernel_shape=(3, 3), pads=(1, 1, 1, 1))
    return graph.node("Gemm", [x, *graph.kernel(name, kernel.T, bias, stage)], name, transB=1)


def _model(graph, network, class_names, output):
    images = ("images", TensorProto.FLOAT,
              ["N", network["height"], network["width"], network["depth"]])
    probabilities = (output, TensorProto.FLOAT, ["N", network["classes"]])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "emotionvggnet",
                          [helper.make_tensor_value_info(*images)],
                          [helper.make_tensor_value_info(*probabilities)], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {"class_names": json.dumps(class_names),
                                   "preprocessing": PREPROCESSING})
    return model
