"""An ONNX graph in the making, in float32 or int8."""

import numpy as np
from onnx import helper, numpy_helper

from pipeline.nn.quantization import activation_levels, integers, kernel_scales


class OnnxGraph:
    """Nodes and constants; each method returns the name, or the names, of what it adds.

    ranges: {stage: (lowest, highest)} of the network's activations. With them kernels, and what
    enters kernels and poolings, are int8: each quantized and at once dequantized, a pair that
    runtimes fuse with the operator behind it.
    """

    def __init__(self, ranges=None):
        self.nodes, self.constants = [], []
        self._ranges = ranges
        self._scales = {}

    def constant(self, name, values):
        """Add an array."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator, inputs, name, **attributes):
        """Add an operator."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def enter(self, x, stage):
        """Add what x, in the range of a stage, needs to enter a kernel or a pooling."""
        if not self._ranges:
            return x
        scale, zero_point = activation_levels(*self._ranges[stage])
        self._scales[stage] = scale
        levels = [self.constant(f"{x}_scale", scale),
                  self.constant(f"{x}_zero_point", zero_point)]
        quantized = self.node("QuantizeLinear", [x, *levels], f"{x}_quantized")
        return self.node("DequantizeLinear", [quantized, *levels], f"{x}_dequantized")

    def kernel(self, name, kernel, bias, stage):
        """Add the kernel (outputs, ...) and bias (outputs,) of a layer that `enter`ed a stage."""
        if not self._ranges:
            return [self.constant(f"{name}_kernel", kernel), self.constant(f"{name}_bias", bias)]
        scales = kernel_scales(kernel, bias, self._scales[stage])
        return [self._dequantized(f"{name}_kernel", kernel, scales, np.int8),
                self._dequantized(f"{name}_bias", bias, scales * self._scales[stage], np.int32)]

    def _dequantized(self, name, values, scales, dtype):
        inputs = [self.constant(f"{name}_integers", integers(values, scales, dtype)),
                  self.constant(f"{name}_scales", scales),
                  self.constant(f"{name}_zero_points", np.zeros(len(scales), dtype))]
        return self.node("DequantizeLinear", inputs, name, axis=0)
