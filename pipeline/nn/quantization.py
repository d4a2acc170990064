"""Numbers as integers of eight bits and a scale."""

import numpy as np

# Kernels have seven bits: processors without int8 dot products add two products of a kernel and
# an activation in 16 bits, which overflow with eight.
LARGEST_IN_KERNEL = 63
LARGEST_IN_BIAS = 2**30

SMALLEST_SCALE = np.float32(1e-30)  # of what is 0 everywhere
LARGEST_ACTIVATION = 1e6  # those of trained networks have up to three digits


def activation_levels(lowest, highest):
    """Return the scale (float32) and zero point (uint8) of values in a range; 0 is exact."""
    lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    scale = np.maximum(np.float32((highest - lowest) / 255), SMALLEST_SCALE)
    return scale, np.uint8(np.clip(round(-lowest / float(scale)), 0, 255))


def kernel_scales(kernel, bias, input_scale):
    """Return the scale of each output, (outputs,) float32: of its kernel, and, times that of what
    the layer gets, of its bias. kernel: (outputs, ...). bias: (outputs,) or None.
    """
    largest = np.abs(kernel).reshape(len(kernel), -1).max(axis=1) / LARGEST_IN_KERNEL
    for_bias = 0 if bias is None else np.abs(bias) / (LARGEST_IN_BIAS * input_scale)
    return np.maximum(np.maximum(largest, for_bias), SMALLEST_SCALE).astype(np.float32)


def integers(values, scales, dtype):
    """Return values (outputs, ...) in units of the scales (outputs,)."""
    return np.rint(values / scales.reshape(-1, *[1] * (values.ndim - 1))).astype(dtype)
