"""A network as an ONNX model in float32 or int8, written from its graph and its arrays."""

import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from pipeline.nn.graph import LARGEST_ACTIVATION, kernels, layers_of
from pipeline.nn.layerkinds import KINDS
from pipeline.nn.runtimenetwork import RuntimeNetwork

OPSET = 17  # has all that is needed; runtimes of 2022 and later read it
IR_VERSION = 8  # of the release with that opset

# Kernels have seven bits: processors without int8 dot products add two products of a kernel and
# an activation in 16 bits, which overflow with eight.
LARGEST_IN_KERNEL = 63
LARGEST_IN_BIAS = 2**30
SMALLEST_SCALE = np.float32(1e-30)  # where all values are 0

# Enough to see the extremes: four times as many gave the same accuracy on PublicTest.
NUM_IMAGES = 512
BATCH_SIZE = 32  # all activations of a batch are in memory

MODEL_NAMES = ("images", "probabilities")  # what the whole model takes and gives
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


def measure_ranges(graph, weights, images):
    """Return {tensor: [lowest, highest]} over images (N, height, width, channels) float32 in 0-1.

    graph, weights: as for onnx_network. Returns None if an activation is no number, or beyond
    LARGEST_ACTIVATION.
    """
    model, names = _written(graph, weights, (), None)
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    network, extremes = RuntimeNetwork(model), []
    for start in range(0, len(images), BATCH_SIZE):
        arrays = network.outputs(images[start:start + BATCH_SIZE], names)
        extremes.append([(array.min(), array.max()) for array in arrays])
    lowest, highest = np.min(extremes, axis=0)[:, 0], np.max(extremes, axis=0)[:, 1]
    if not max(-lowest.min(), highest.max()) <= LARGEST_ACTIVATION:
        return None
    return {name: [float(low), float(high)] for name, low, high in zip(names, lowest, highest)}


def _written(graph, weights, class_names, ranges):
    """Return the model, and the tensors whose ranges int8 needs."""
    layers, (given, output) = layers_of(graph), MODEL_NAMES
    writer, tensors = OnnxGraph({layer.name: layer.shape for layer in layers}, ranges), {}
    weights = _folded(layers, weights)
    for layer in layers:
        inputs = [tensors[name] for name in layer.inputs] or [
            writer.node("Transpose", [given], layer.name, perm=(0, 3, 1, 2))]
        tensors[layer.name] = KINDS[layer.kind].write(writer, layer, inputs,
                                                      weights.get(layer.name, {}))
    if ranges is not None and set(ranges) != set(writer.ranged):
        raise ValueError(f"activation_ranges of {sorted(ranges)}, expected {writer.ranged}")
    writer.nodes.append(helper.make_node("Identity", [tensors[layers[-1].name]], [output]))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *layer.shape])
              for name, layer in ((given, layers[0]), (output, layers[-1]))]
    model = helper.make_model(
        helper.make_graph(writer.nodes, "emotions", values[:1], values[1:], writer.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {"class_names": json.dumps(list(class_names)),
                                   "preprocessing": PREPROCESSING})
    return model, writer.ranged


class OnnxGraph:
    """Nodes and constants; each method returns the name, or the names, of what it adds.

    shapes: {layer's name: the shape of its output}. ranges: {tensor: (lowest, highest)} of the
    activations. With them kernels, and what enters kernels, poolings and curved activations, are
    int8: each quantized and at once dequantized, a pair that runtimes fuse with the operator
    behind it. Merges stay in float32, so that shortcuts lose nothing. ranged: the tensors whose
    ranges int8 needs.
    """

    def __init__(self, shapes, ranges=None):
        self.nodes, self.constants, self.ranged = [], [], []
        self.shapes = shapes
        self._ranges = ranges
        self._range_of, self._entered, self._scales = {}, {}, {}

    def constant(self, name, values):
        """Add an array."""
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def number(self, value):
        """Add a single float32 number, once."""
        name = f"number/{value}"
        if all(constant.name != name for constant in self.constants):
            self.constant(name, np.array(value, np.float32))
        return name

    def node(self, operator, inputs, name, **attributes):
        """Add an operator. `name` is that of its output too, unless the whole model's have it."""
        if name in MODEL_NAMES:
            name = f"{name}/layer"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def in_range_of(self, x, other):
        """Say that the values of x lie in the range of another tensor; return x."""
        self._range_of[x] = self._range_of.get(other, other)
        return x

    def enter(self, x):
        """Add what x needs to enter an operator that may be int8: nothing in float32."""
        ranged = self._range_of.get(x, x)
        if ranged not in self.ranged:
            self.ranged.append(ranged)
        if not self._ranges:
            return x
        if ranged not in self._ranges:
            raise ValueError(f"no activation_ranges of {ranged}")
        if x not in self._entered:
            lowest, highest = self._ranges[ranged]
            lowest, highest = min(lowest, 0.0), max(highest, 0.0)  # 0 is exact
            scale = np.maximum(np.float32((highest - lowest) / 255), SMALLEST_SCALE)
            zero_point = np.uint8(np.clip(round(-lowest / float(scale)), 0, 255))
            self._scales[x] = scale
            levels = [self.constant(f"{x}/quantization_scale", scale),
                      self.constant(f"{x}/quantization_zero", zero_point)]
            quantized = self.node("QuantizeLinear", [x, *levels], f"{x}/quantized")
            self._entered[x] = self.node("DequantizeLinear", [quantized, *levels],
                                         f"{x}/dequantized")
        return self._entered[x]

    def kernel(self, name, kernel, bias, x):
        """Add the kernel (..., outputs) and the bias (outputs,), if any, of an operator on x."""
        axes = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        arrays = {"kernel": kernel.transpose(axes)} | ({} if bias is None else {"bias": bias})
        if not self._ranges:
            return [self.constant(f"{name}/{array}", values) for array, values in arrays.items()]
        scale = self._scales[x]
        largest = np.abs(arrays["kernel"]).reshape(len(arrays["kernel"]), -1).max(axis=1)
        for_bias = 0 if bias is None else np.abs(bias) / (LARGEST_IN_BIAS * scale)
        scales = np.maximum(np.maximum(largest / LARGEST_IN_KERNEL, for_bias),
                            SMALLEST_SCALE).astype(np.float32)
        types = {"kernel": (scales, np.int8), "bias": (scales * scale, np.int32)}
        return [self._dequantized(f"{name}/{array}", values, *types[array])
                for array, values in arrays.items()]

    def _dequantized(self, name, values, scales, dtype):
        integers = np.rint(values / scales.reshape(-1, *[1] * (values.ndim - 1))).astype(dtype)
        inputs = [self.constant(f"{name}/integers", integers),
                  self.constant(f"{name}/scales", scales),
                  self.constant(f"{name}/zero_points", np.zeros(len(scales), dtype))]
        return self.node("DequantizeLinear", inputs, name, axis=0)


def _folded(layers, weights):
    """Return weights whose kernels do the batch normalizations that alone follow them.

    No activation may stand between the two. The batch normalizations have no arrays then.
    """
    weights, followers = dict(weights), {}
    for layer in layers:
        for name in layer.inputs:
            followers.setdefault(name, []).append(layer)
    for layer in kernels(layers):
        after = followers.get(layer.name, ())
        if layer.settings["activation"] == "linear" and [other.kind for other in after] == [
                "BatchNormalization"]:
            weights[layer.name] = _normalized(weights[layer.name], weights[after[0].name],
                                              after[0].settings["epsilon"])
            weights[after[0].name] = {}
    return weights


def _normalized(arrays, normalization, epsilon):
    """Return the arrays of a kernel that also does a batch normalization.

    Raises ValueError if the numbers are beyond float32, or a variance is below 0.
    """
    name = [name for name in arrays if name != "bias"][-1]
    with np.errstate(all="ignore"):
        values = {name: array.astype(np.float64) for name, array in normalization.items()}
        scale = values.get("gamma", 1.0) / np.sqrt(values["moving_variance"] + epsilon)
        bias = (arrays.get("bias", 0.0) - values["moving_mean"]) * scale + values.get("beta", 0.0)
        if arrays[name].shape[-1] != len(scale):  # DepthwiseConv2D: (..., channels, multiplier)
            scale = scale.reshape(arrays[name].shape[2:])
        done = {name: (arrays[name] * scale).astype(np.float32), "bias": bias.astype(np.float32)}
    if not all(np.isfinite(array).all() for array in done.values()):
        raise ValueError("a batch normalization gives no numbers")
    return {**arrays, **done}
