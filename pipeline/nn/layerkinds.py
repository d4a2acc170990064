"""The kinds of layers that a network may have: KINDS, a row for each.

A row says which settings of the Keras layer describe it and what each may be, which arrays and
output shape follow from them, and how it is written in ONNX. Keras builds a layer from its
settings. Shapes are without the batch: (height, width, channels) or (units,). Within the ONNX
model images are (N, channels, height, width).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from pipeline.nn.fields import either, number, one_of, several, whole

ACTIVATIONS = ("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "hard_silu",
               "sigmoid", "hard_sigmoid", "tanh", "softmax")
RECTIFIERS = ("linear", "relu", "relu6")  # which ONNX Runtime computes together with a kernel

SWITCH = one_of(True, False)
COUNT = whole(1, 32768)
PAIR = several(whole(1, 256), most=2, least=2)
PADDING = one_of("valid", "same")
PENALTY = either(one_of(None), several(number(0, 1e6), most=2, least=2))  # L1, L2
FACTOR = either(number(-1e6, 1e6), several(number(-1e6, 1e6), most=4096, least=1))


@dataclass(frozen=True)
class Kind:
    """A kind of layer.

    settings: {name: check}, names as in the Keras layer's configuration. shape: function of the
    settings and the inputs' shapes that returns the output's. arrays: the same for {name: shape},
    in Keras's order. write: function of an OnnxGraph, a Layer, the names of its input tensors and
    its arrays that returns the name of the output tensor.
    """

    settings: dict
    shape: Callable
    write: Callable
    arrays: Callable = lambda settings, *shapes: {}


# ---- Shapes

def _same(settings, shape):
    return shape


def _channels(shape):
    """Return the channels of an image or a vector, or raise ValueError for another shape."""
    if len(shape) == 2:
        raise ValueError("expected an image or a vector")
    return shape[-1]


def _dense_shape(settings, shape):
    _channels(shape)
    return *shape[:-1], settings["units"]


def _windows(settings, shape, size, dilation=(1, 1)):
    """Return the (height, width) that a kernel or a pooling of this size makes of an image."""
    if max(settings["strides"]) > 1 < max(dilation):
        raise ValueError("expected strides or dilation, not both")
    extents = []
    for extent, window, stride, spread in zip(shape, size, settings["strides"], dilation):
        if settings["padding"] == "same":
            extents.append(-(-extent // stride))
        else:
            extents.append((extent - (window - 1) * spread - 1) // stride + 1)
    if min(extents) < 1:
        raise ValueError("expected a larger image for this kernel")
    return extents


def _convolved(settings, shape):
    if "depth_multiplier" in settings and len(set(settings["strides"])) > 1:
        raise ValueError("expected equal strides, which TensorFlow needs")
    extents = _windows(settings, shape, settings["kernel_size"], settings["dilation_rate"])
    return *extents, settings.get("filters") or shape[2] * settings["depth_multiplier"]


def _pooled(settings, shape):
    return *_windows(settings, shape, settings["pool_size"]), shape[2]


def _mean_shape(settings, shape):
    return (1, 1, shape[2]) if settings["keepdims"] else (shape[2],)


def _reshaped(settings, shape):
    target = list(settings["target_shape"])
    if target.count(-1) == 1:
        target[target.index(-1)] = prod(shape) // max(1, -prod(target))
    if prod(target) != prod(shape) or min(target) < 1:
        raise ValueError(f"expected {prod(shape)} values in the target shape {target}")
    return tuple(target)


def _padded(settings, shape):
    (top, bottom), (left, right) = settings["padding"]
    height, width, channels = shape
    return top + height + bottom, left + width + right, channels


def _broadcast(settings, *shapes):
    """Return the shape that Keras merges several shapes to: a vector counts as one pixel."""
    if {2} < {len(shape) for shape in shapes}:
        raise ValueError("expected images and vectors")
    return np.broadcast_shapes(*shapes)


def _concatenated(settings, *shapes):
    first, axis = shapes[0], settings["axis"]
    axis = axis - 1 if axis > 0 else axis + len(first)
    others = {(len(shape), *shape[:axis], *shape[axis + 1:]) for shape in shapes}
    if not 0 <= axis < len(first) or len(others) > 1:
        raise ValueError("expected shapes that differ in the axis alone")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1:])


def _rescaled(settings, shape):
    for name in ("scale", "offset"):
        if type(settings[name]) is list and len(settings[name]) not in (1, shape[-1]):
            raise ValueError(f"expected one {name}, or one a channel")
    return shape


# ---- Arrays

def _bias(settings, outputs):
    return {"bias": (outputs,)} if settings["use_bias"] else {}


def _convolution_arrays(settings, shape):
    groups, filters = settings["groups"], settings["filters"]
    if shape[2] % groups or filters % groups:
        raise ValueError("expected channels and filters that the groups divide")
    return {"kernel": (*settings["kernel_size"], shape[2] // groups, filters),
            **_bias(settings, filters)}


def _depthwise_arrays(settings, shape):
    multiplier = settings["depth_multiplier"]
    return {"kernel": (*settings["kernel_size"], shape[2], multiplier),
            **_bias(settings, shape[2] * multiplier)}


def _separable_arrays(settings, shape):
    multiplier = settings["depth_multiplier"]
    return {"depthwise_kernel": (*settings["kernel_size"], shape[2], multiplier),
            "pointwise_kernel": (1, 1, shape[2] * multiplier, settings["filters"]),
            **_bias(settings, settings["filters"])}


def _dense_arrays(settings, shape):
    return {"kernel": (shape[-1], settings["units"]), **_bias(settings, settings["units"])}


def _normalization_arrays(settings, shape):
    names = ["gamma"] * settings["scale"] + ["beta"] * settings["center"]
    return {name: (_channels(shape),) for name in (*names, "moving_mean", "moving_variance")}


# ---- ONNX

OPERATORS = {"relu": "Relu", "leaky_relu": "LeakyRelu", "elu": "Elu", "selu": "Selu",
             "sigmoid": "Sigmoid", "hard_sigmoid": "HardSigmoid", "tanh": "Tanh",
             "hard_silu": "HardSwish", "softmax": "Softmax"}


def activate(graph, layer, x, activation, **attributes):
    """Add a layer's activation of x; return the name of the result.

    attributes: of the operator in ONNX, in place of those of Keras's function.
    """
    name = layer.name
    if activation not in (*RECTIFIERS, "softmax"):
        x = graph.enter(x)
    if activation == "linear":
        return x
    if activation == "relu6":
        return _clipped(graph, x, name, 6)
    if activation == "silu":
        return graph.node("Mul", [x, graph.node("Sigmoid", [x], f"{name}/sigmoid")], name)
    if activation == "gelu":
        x_over_root_2 = graph.node("Mul", [x, graph.number(0.5**0.5)], f"{name}/scaled")
        error = graph.node("Erf", [x_over_root_2], f"{name}/erf")
        share = graph.node("Add", [error, graph.number(1)], f"{name}/share")
        half = graph.node("Mul", [x, graph.number(0.5)], f"{name}/half")
        return graph.node("Mul", [half, share], name)
    usual = {"leaky_relu": {"alpha": 0.2}, "hard_sigmoid": {"alpha": 1 / 6, "beta": 0.5},
             "softmax": {"axis": 1 if len(layer.shape) == 3 else -1}}
    return graph.node(OPERATORS[activation], [x], name, **usual.get(activation, {}) | attributes)


def _clipped(graph, x, name, largest):
    return graph.node("Clip", [x, graph.number(0), graph.number(largest)], name)


def _passed(graph, layer, inputs, arrays):
    return inputs[0]


def _activation(graph, layer, inputs, arrays):
    """Write an Activation, a LeakyReLU, an ELU or a Softmax."""
    settings = layer.settings
    of_kind = {"LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}
    alpha = settings.get("negative_slope", settings.get("alpha"))
    return activate(graph, layer, inputs[0],
                    settings.get("activation") or of_kind[layer.kind],
                    **({} if alpha is None else {"alpha": float(alpha)}))


def _relu_layer(graph, layer, inputs, arrays):
    """Write max(x, threshold), with a slope below the threshold and a largest value."""
    settings, (x,) = layer.settings, inputs
    slope, threshold, largest = (settings[name] for name in (
        "negative_slope", "threshold", "max_value"))
    if not slope and not threshold:
        return (activate(graph, layer, x, "relu") if largest is None
                else _clipped(graph, x, layer.name, largest))
    x = graph.enter(x)
    below = graph.node("LessOrEqual", [x, graph.number(threshold)], f"{layer.name}/below")
    shifted = graph.node("Sub", [x, graph.number(threshold)], f"{layer.name}/shifted")
    sloped = graph.node("Mul", [shifted, graph.number(slope)], f"{layer.name}/sloped")
    if largest is not None:
        x = graph.node("Min", [x, graph.number(largest)], f"{layer.name}/kept")
    return graph.node("Where", [below, sloped, x], layer.name)


def _convolution(graph, layer, inputs, arrays):
    """Write a Conv2D, a DepthwiseConv2D, a SeparableConv2D, or a Dense on images."""
    settings, (x,) = layer.settings, inputs
    *depthwise, kernel = [array for name, array in arrays.items() if name != "bias"]
    channels = graph.shapes[layer.inputs[0]][2]
    windows = {"group": settings.get("groups", 1)}
    if "kernel_size" in settings:
        windows |= _window_attributes(graph, layer, settings["kernel_size"])
        windows["dilations"] = settings["dilation_rate"]
    for array in depthwise:
        name = f"{layer.name}/depthwise"
        entered = graph.enter(x)
        kernels = graph.kernel(name, _grouped(array), None, x)
        x = graph.node("Conv", [entered, *kernels], name, **windows | {"group": channels})
        windows = {"group": 1}
    if layer.kind == "DepthwiseConv2D":
        kernel, windows["group"] = _grouped(kernel), channels
    kernel = kernel.reshape(*[1] * (4 - kernel.ndim), *kernel.shape)
    return _weighted(graph, layer, x, "Conv", kernel, arrays, **windows)


def _grouped(kernel):
    """Return a kernel (height, width, channels, multiplier) as one of as many groups."""
    return kernel.reshape(*kernel.shape[:2], 1, -1)


def _dense(graph, layer, inputs, arrays):
    if len(layer.shape) == 3:
        return _convolution(graph, layer, inputs, arrays)
    return _weighted(graph, layer, inputs[0], "Gemm", arrays["kernel"], arrays, transB=1)


def _weighted(graph, layer, x, operator, kernel, arrays, **attributes):
    """Add a layer's last kernel (..., outputs) with its bias, and its activation."""
    activation = layer.settings["activation"]
    name = layer.name if activation == "linear" else f"{layer.name}/sum"
    kernel, bias = graph.folded(layer, kernel, arrays.get("bias"))
    entered = graph.enter(x)
    total = graph.node(operator, [entered, *graph.kernel(name, kernel, bias, x)], name,
                       **attributes)
    return activate(graph, layer, total, activation)


def _normalization(graph, layer, inputs, arrays):
    if layer.name in graph.done_by_kernels:
        return inputs[0]
    mean = arrays["moving_mean"]
    values = {"gamma": np.ones_like(mean), "beta": np.zeros_like(mean), **arrays}
    constants = [graph.constant(f"{layer.name}/{name}", values[name])
                 for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    return graph.node("BatchNormalization", [inputs[0], *constants], layer.name,
                      epsilon=float(layer.settings["epsilon"]))


def _window_attributes(graph, layer, size):
    """Return ONNX's attributes for the windows of a convolution or a pooling."""
    settings, pads = layer.settings, ([], [])
    dilation = settings.get("dilation_rate", (1, 1))
    for before, after, window, stride, spread in zip(
            graph.shapes[layer.inputs[0]], layer.shape, size, settings["strides"], dilation):
        total = max(0, (after - 1) * stride + (window - 1) * spread + 1 - before)
        total *= settings["padding"] == "same"
        pads[0].append(total // 2)
        pads[1].append(total - total // 2)
    return {"kernel_shape": size, "strides": settings["strides"], "pads": [*pads[0], *pads[1]]}


def _pooling(graph, layer, inputs, arrays):
    name = graph.node("MaxPool" if layer.kind == "MaxPooling2D" else "AveragePool",
                      [graph.enter(inputs[0])], layer.name,
                      **_window_attributes(graph, layer, layer.settings["pool_size"]))
    return graph.in_range_of(name, inputs[0])


def _global_pooling(graph, layer, inputs, arrays):
    name = layer.name if layer.settings["keepdims"] else f"{layer.name}/image"
    image = graph.node(layer.kind.replace("Pooling2D", "Pool"), [graph.enter(inputs[0])], name)
    return image if name == layer.name else graph.node("Flatten", [image], layer.name)


def _reshape(graph, layer, inputs, arrays):
    """Write a Flatten or a Reshape, which order values with the channels last."""
    (x,) = inputs
    before = graph.shapes[layer.inputs[0]]
    if len(before) == 3 and max(before[:2]) > 1:
        x = graph.node("Transpose", [x], f"{layer.name}/channels_last", perm=(0, 2, 3, 1))
    image = len(layer.shape) == 3
    target = graph.constant(f"{layer.name}/shape", np.array((-1, *layer.shape), np.int64))
    x = graph.node("Reshape", [x, target], f"{layer.name}/values" if image else layer.name)
    if image:
        x = graph.node("Transpose", [x], layer.name, perm=(0, 3, 1, 2))
    return graph.in_range_of(x, inputs[0])


def _zero_padding(graph, layer, inputs, arrays):
    (top, bottom), (left, right) = layer.settings["padding"]
    pads = np.array((0, 0, top, left, 0, 0, bottom, right), np.int64)
    name = graph.node("Pad", [inputs[0], graph.constant(f"{layer.name}/pads", pads)], layer.name)
    return graph.in_range_of(name, inputs[0])


def _merged(graph, layer, inputs, arrays):
    """Write a sum or a product; a vector counts as an image of one pixel."""
    if len(inputs) == 1:
        return inputs[0]
    images = {name: _as_image(graph, layer, x, name) for name, x in zip(layer.inputs, inputs)}
    x, *others = [images[name] for name in layer.inputs]
    operator = {"Add": "Add", "Multiply": "Mul"}[layer.kind]
    for place, other in enumerate(others, start=2):
        name = layer.name if place == len(inputs) else f"{layer.name}/{place - 2}"
        x = graph.node(operator, [x, other], name)
    return x


def _as_image(graph, layer, x, name):
    if len(layer.shape) == 3 and len(graph.shapes[name]) == 1:
        shape = graph.constant(f"{layer.name}/{name}/shape", np.array((0, -1, 1, 1), np.int64))
        pixel = graph.node("Reshape", [x, shape], f"{layer.name}/{name}/pixel")
        return graph.in_range_of(pixel, x)
    return x


def _concatenation(graph, layer, inputs, arrays):
    axis = layer.settings["axis"] % (len(layer.shape) + 1)
    if len(layer.shape) == 3:
        axis = {1: 2, 2: 3, 3: 1}[axis]
    return graph.node("Concat", inputs, layer.name, axis=axis)


def _rescaling(graph, layer, inputs, arrays):
    x = inputs[0]
    for operator, setting, name in (("Mul", "scale", f"{layer.name}/scaled"),
                                    ("Add", "offset", layer.name)):
        values = np.array(layer.settings[setting], np.float32)
        if values.ndim and len(layer.shape) == 3:
            values = values.reshape(-1, 1, 1)
        x = graph.node(operator, [x, graph.constant(f"{layer.name}/{setting}", values)], name)
    return x


# ---- The table

_KERNEL = {"activation": one_of(*ACTIVATIONS), "use_bias": SWITCH, "bias_regularizer": PENALTY}
_CONVOLUTION = {"kernel_size": PAIR, "strides": PAIR, "padding": PADDING, "dilation_rate": PAIR,
                **_KERNEL}
_POOLING = {"pool_size": PAIR, "strides": PAIR, "padding": PADDING}
_RATE = number(0, 0.999)
_SLOPE = number(0, 1e3)

KINDS = {
    "InputLayer": Kind({"shape": several(whole(1, 1024), most=3, least=3)},
                       lambda settings: tuple(settings["shape"]), _passed),
    "Conv2D": Kind({"filters": COUNT, "groups": COUNT, "kernel_regularizer": PENALTY,
                    **_CONVOLUTION},
                   _convolved, _convolution, _convolution_arrays),
    "DepthwiseConv2D": Kind({"depth_multiplier": COUNT, "depthwise_regularizer": PENALTY,
                             **_CONVOLUTION},
                            _convolved, _convolution, _depthwise_arrays),
    "SeparableConv2D": Kind({"filters": COUNT, "depth_multiplier": COUNT,
                             "depthwise_regularizer": PENALTY, "pointwise_regularizer": PENALTY,
                             **_CONVOLUTION},
                            _convolved, _convolution, _separable_arrays),
    "Dense": Kind({"units": COUNT, "kernel_regularizer": PENALTY, **_KERNEL},
                  _dense_shape, _dense, _dense_arrays),
    "BatchNormalization": Kind({"momentum": number(0, 1), "epsilon": number(1e-12, 1),
                                "center": SWITCH, "scale": SWITCH, "beta_regularizer": PENALTY,
                                "gamma_regularizer": PENALTY},
                               _same, _normalization, _normalization_arrays),
    "Activation": Kind({"activation": one_of(*ACTIVATIONS)}, _same, _activation),
    "ReLU": Kind({"max_value": either(one_of(None), _SLOPE), "negative_slope": _SLOPE,
                  "threshold": _SLOPE}, _same, _relu_layer),
    "LeakyReLU": Kind({"negative_slope": _SLOPE}, _same, _activation),
    "ELU": Kind({"alpha": _SLOPE}, _same, _activation),
    "Softmax": Kind({"axis": one_of(-1)}, _same, _activation),
    "MaxPooling2D": Kind(_POOLING, _pooled, _pooling),
    "AveragePooling2D": Kind(_POOLING, _pooled, _pooling),
    "GlobalAveragePooling2D": Kind({"keepdims": SWITCH}, _mean_shape, _global_pooling),
    "GlobalMaxPooling2D": Kind({"keepdims": SWITCH}, _mean_shape, _global_pooling),
    "Flatten": Kind({}, lambda settings, shape: (prod(shape),), _reshape),
    "Reshape": Kind({"target_shape": several(whole(-1, 1 << 20), most=3, least=1)},
                    _reshaped, _reshape),
    "Dropout": Kind({"rate": _RATE}, _same, _passed),
    "SpatialDropout2D": Kind({"rate": _RATE}, lambda settings, shape: (*shape[:2], shape[2]),
                             _passed),
    "GaussianNoise": Kind({"stddev": number(0, 1)}, _same, _passed),
    "Add": Kind({}, _broadcast, _merged),
    "Multiply": Kind({}, _broadcast, _merged),
    "Concatenate": Kind({"axis": whole(-3, 3)}, _concatenated, _concatenation),
    "Rescaling": Kind({"scale": FACTOR, "offset": FACTOR}, _rescaled, _rescaling),
    "ZeroPadding2D": Kind({"padding": several(several(whole(0, 256), most=2, least=2),
                                              most=2, least=2)}, _padded, _zero_padding),
}
