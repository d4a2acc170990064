"""The kinds of layers that a network may have: KINDS, a row for each.

A row says which settings of the Keras layer describe it and what each may be, which output shape
and arrays follow from them, and how it is written in ONNX. Keras builds a layer from its settings.
Shapes are without the batch: (height, width, channels) or (units,). Within the ONNX model images
are (N, channels, height, width).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from pipeline.nn.fields import either, number, one_of, several, whole

# Of ONNX, with the attributes of Keras's function.
OPERATORS = {
    "relu": ("Relu", {}), "leaky_relu": ("LeakyRelu", {"alpha": 0.2}), "elu": ("Elu", {}),
    "selu": ("Selu", {}), "hard_silu": ("HardSwish", {}), "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}), "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": 1})}
ACTIVATIONS = ("linear", "relu6", "gelu", "silu", *OPERATORS)
RECTIFIERS = ("linear", "relu", "relu6")  # which ONNX Runtime computes together with a kernel


@dataclass(frozen=True)
class Kind:
    """A kind of layer.

    settings: {name: check}, names as in the Keras layer's configuration. write: function of an
    OnnxGraph, a Layer, the names of its input tensors and its arrays that returns the name of the
    output tensor. shape: function of the settings and the inputs' shapes that returns the
    output's. arrays: the same for {name: shape}, in Keras's order, without the bias.
    """

    settings: dict
    write: Callable
    shape: Callable = lambda settings, shape: shape
    arrays: Callable = lambda settings, *shapes: {}

    def output(self, settings, *shapes):
        """Return the output's shape and {array: [axis, ...]}; raise ValueError if there is none."""
        shape = tuple(self.shape(settings, *shapes))
        if len(shape) not in (1, 3) or min(shape) < 1:
            raise ValueError(f"it would give {shape}, expected an image or a vector")
        arrays = self.arrays(settings, *shapes)
        if settings.get("use_bias"):
            arrays["bias"] = shape[-1:]
        return shape, {name: list(axes) for name, axes in arrays.items()}


# ---- Shapes

def _windows(settings, shape, size, dilation=(1, 1)):
    """Return the (height, width) that a kernel or a pooling of this size makes of an image."""
    return [-(-extent // stride) if settings["padding"] == "same"
            else (extent - (window - 1) * spread - 1) // stride + 1
            for extent, window, stride, spread in zip(
                shape, size, settings["strides"], dilation)]


def _convolved(settings, shape):
    groups, outputs = settings.get("groups", 1), settings.get("filters")
    outputs = outputs or shape[2] * settings["depth_multiplier"]
    if shape[2] % groups or outputs % groups:
        raise ValueError("expected channels and filters that the groups divide")
    return *_windows(settings, shape, settings["kernel_size"], settings["dilation_rate"]), outputs


def _pooled(settings, shape):
    return *_windows(settings, shape, settings["pool_size"]), shape[2]


def _pooled_to_one(settings, shape):
    return (1, 1, shape[2]) if settings["keepdims"] else shape[2:]


def _reshaped(settings, shape):
    target = settings["target_shape"]
    rest = prod(shape) // abs(prod(target))
    target = [rest if extent == -1 else extent for extent in target]
    if prod(target) != prod(shape):
        raise ValueError(f"expected {prod(shape)} values in the target shape {target}")
    return target


def _padded(settings, shape):
    (top, bottom), (left, right) = settings["padding"]
    height, width, channels = shape
    return top + height + bottom, left + width + right, channels


def _broadcast(settings, *shapes):
    if len({len(shape) for shape in shapes}) > 1:
        raise ValueError("expected images or vectors alone; a vector becomes an image of one pixel "
                         "by Reshape")
    return np.broadcast_shapes(*shapes)


def _concatenated(settings, *shapes):
    if len({shape[:-1] for shape in shapes}) > 1 or settings["axis"] not in (-1, len(shapes[0])):
        raise ValueError("expected images or vectors that differ in their channels alone")
    return *shapes[0][:-1], sum(shape[-1] for shape in shapes)


# ---- Arrays

def _convolution_arrays(settings, shape):
    size, channels = settings["kernel_size"], shape[2]
    if "groups" in settings:
        return {"kernel": (*size, channels // settings["groups"], settings["filters"])}
    multiplier = settings["depth_multiplier"]
    if "filters" not in settings:
        return {"kernel": (*size, channels, multiplier)}
    return {"depthwise_kernel": (*size, channels, multiplier),
            "pointwise_kernel": (1, 1, channels * multiplier, settings["filters"])}


def _normalization_arrays(settings, shape):
    names = ["gamma"] * settings["scale"] + ["beta"] * settings["center"]
    return dict.fromkeys([*names, "moving_mean", "moving_variance"], shape[-1:])


# ---- ONNX

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
    operator, usual = OPERATORS[activation]
    return graph.node(operator, [x], name, **usual | attributes)


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


def _relu(graph, layer, inputs, arrays):
    largest, (x,) = layer.settings["max_value"], inputs
    return (activate(graph, layer, x, "relu") if largest is None
            else _clipped(graph, x, layer.name, largest))


def _convolution(graph, layer, inputs, arrays):
    """Write a Conv2D, a DepthwiseConv2D or a SeparableConv2D."""
    (x,) = inputs
    windows = _window_attributes(graph, layer, layer.settings["kernel_size"])
    windows |= {"dilations": layer.settings["dilation_rate"],
                "group": layer.settings.get("groups", graph.shapes[layer.inputs[0]][2])}
    if layer.kind == "Conv2D":
        return _weighted(graph, layer, x, "Conv", arrays["kernel"], arrays, **windows)
    kernel = arrays["kernel" if layer.kind == "DepthwiseConv2D" else "depthwise_kernel"]
    kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
    if layer.kind == "DepthwiseConv2D":
        return _weighted(graph, layer, x, "Conv", kernel, arrays, **windows)
    name = f"{layer.name}/depthwise"
    entered = graph.enter(x)
    x = graph.node("Conv", [entered, *graph.kernel(name, kernel, None, x)], name, **windows)
    return _weighted(graph, layer, x, "Conv", arrays["pointwise_kernel"], arrays)


def _dense(graph, layer, inputs, arrays):
    kernel, (x,) = arrays["kernel"], inputs
    if len(layer.shape) == 3:
        return _weighted(graph, layer, x, "Conv", kernel[np.newaxis, np.newaxis], arrays)
    return _weighted(graph, layer, x, "Gemm", kernel, arrays, transB=1)


def _weighted(graph, layer, x, operator, kernel, arrays, **attributes):
    """Add a layer's last kernel (..., outputs) with its bias, and its activation."""
    activation = layer.settings["activation"]
    name = layer.name if activation == "linear" else f"{layer.name}/sum"
    entered = graph.enter(x)
    total = graph.node(operator, [entered, *graph.kernel(name, kernel, arrays.get("bias"), x)],
                       name, **attributes)
    return activate(graph, layer, total, activation)


def _normalization(graph, layer, inputs, arrays):
    if not arrays:  # the kernel before it does it
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
    if len(graph.shapes[layer.inputs[0]]) == 3:
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
    x, *others = inputs
    for place, other in enumerate(others, start=2):
        name = layer.name if place == len(inputs) else f"{layer.name}/{place - 2}"
        x = graph.node({"Add": "Add", "Multiply": "Mul"}[layer.kind], [x, other], name)
    return x


def _concatenation(graph, layer, inputs, arrays):
    return graph.node("Concat", inputs, layer.name, axis=1)


def _rescaling(graph, layer, inputs, arrays):
    scale, offset = (graph.constant(f"{layer.name}/{name}", np.float32(layer.settings[name]))
                     for name in ("scale", "offset"))
    scaled = graph.node("Mul", [inputs[0], scale], f"{layer.name}/scaled")
    return graph.node("Add", [scaled, offset], layer.name)


# ---- The table

_SWITCH = one_of(True, False)
_COUNT = whole(1, 32768)
_PAIR = several(whole(1, 256), most=2, least=2)
_PENALTY = either(one_of(None), several(number(0, 1e6), most=2, least=2))  # L1, L2
_FACTOR = number(-1e6, 1e6)
_RATE = number(0, 0.999)
_SLOPE = number(0, 1e3)
_ACTIVATION = {"activation": one_of(*ACTIVATIONS)}
_KERNEL = {**_ACTIVATION, "use_bias": _SWITCH, "bias_regularizer": _PENALTY}
_WINDOWS = {"strides": _PAIR, "padding": one_of("valid", "same")}
_CONVOLUTION = {"kernel_size": _PAIR, "dilation_rate": _PAIR, **_WINDOWS, **_KERNEL}
_DEPTHWISE = {"depth_multiplier": _COUNT, "depthwise_regularizer": _PENALTY, **_CONVOLUTION}
_POOLING = {"pool_size": _PAIR, **_WINDOWS}

KINDS = {
    "InputLayer": Kind({"shape": several(whole(1, 1024), most=3, least=3)}, _passed,
                       lambda settings: settings["shape"]),
    "Conv2D": Kind({"filters": _COUNT, "groups": _COUNT, "kernel_regularizer": _PENALTY,
                    **_CONVOLUTION}, _convolution, _convolved, _convolution_arrays),
    "DepthwiseConv2D": Kind(_DEPTHWISE, _convolution, _convolved, _convolution_arrays),
    "SeparableConv2D": Kind({"filters": _COUNT, "pointwise_regularizer": _PENALTY, **_DEPTHWISE},
                            _convolution, _convolved, _convolution_arrays),
    "Dense": Kind({"units": _COUNT, "kernel_regularizer": _PENALTY, **_KERNEL}, _dense,
                  lambda settings, shape: (*shape[:-1], settings["units"]),
                  lambda settings, shape: {"kernel": (shape[-1], settings["units"])}),
    "BatchNormalization": Kind(
        {"momentum": number(0, 1), "epsilon": number(1e-12, 1), "center": _SWITCH,
         "scale": _SWITCH, "beta_regularizer": _PENALTY, "gamma_regularizer": _PENALTY},
        _normalization, arrays=_normalization_arrays),
    "Activation": Kind(_ACTIVATION, _activation),
    "ReLU": Kind({"max_value": either(one_of(None), _SLOPE), "negative_slope": number(0, 0),
                  "threshold": number(0, 0)}, _relu),
    "LeakyReLU": Kind({"negative_slope": _SLOPE}, _activation),
    "ELU": Kind({"alpha": _SLOPE}, _activation),
    "Softmax": Kind({"axis": one_of(-1)}, _activation),
    "MaxPooling2D": Kind(_POOLING, _pooling, _pooled),
    "AveragePooling2D": Kind(_POOLING, _pooling, _pooled),
    "GlobalAveragePooling2D": Kind({"keepdims": _SWITCH}, _global_pooling, _pooled_to_one),
    "GlobalMaxPooling2D": Kind({"keepdims": _SWITCH}, _global_pooling, _pooled_to_one),
    "Flatten": Kind({}, _reshape, lambda settings, shape: (prod(shape),)),
    "Reshape": Kind({"target_shape": several(either(one_of(-1), whole(1, 1 << 20)), most=3,
                                             least=1)}, _reshape, _reshaped),
    "Dropout": Kind({"rate": _RATE}, _passed),
    "SpatialDropout2D": Kind({"rate": _RATE}, _passed),
    "GaussianNoise": Kind({"stddev": number(0, 1)}, _passed),
    "Add": Kind({}, _merged, _broadcast),
    "Multiply": Kind({}, _merged, _broadcast),
    "Concatenate": Kind({"axis": whole(-3, 3)}, _concatenation, _concatenated),
    "Rescaling": Kind({"scale": _FACTOR, "offset": _FACTOR}, _rescaling),
    "ZeroPadding2D": Kind({"padding": several(several(whole(0, 256), most=2, least=2),
                                              most=2, least=2)}, _zero_padding, _padded),
}
