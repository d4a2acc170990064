"""Batch normalizations that a kernel can do."""

import numpy as np

EPSILON = 1e-3  # Keras's default, which EmotionVGGNet's batch normalizations have


def folded(kernel, bias, normalization):
    """Return a layer's kernel and bias, float32, that do the batch normalization behind it as well.

    kernel: (..., outputs), bias: (outputs,). normalization: gamma, beta, moving mean and moving
    variance, (outputs,) each. Only where nothing is between the two, such as an activation. Raises
    ValueError if the numbers are beyond float32, or the variance is below 0.
    """
    with np.errstate(all="ignore"):
        gamma, beta, mean, variance = (array.astype(np.float64) for array in normalization)
        scale = gamma / np.sqrt(variance + EPSILON)
        kernel = (kernel * scale).astype(np.float32)
        bias = ((bias - mean) * scale + beta).astype(np.float32)
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise ValueError("a batch normalization gives no numbers")
    return kernel, bias
