"""Batch normalizations that a kernel can do."""

import numpy as np

EPSILON = 1e-3  # Keras's default, which EmotionVGGNet's batch normalizations have


def folded(kernel, bias, normalization):
    """Return a layer's kernel and bias, float32, that do the batch normalization behind it as well.

    kernel: (..., outputs), bias: (outputs,). normalization: gamma, beta, moving mean and moving
    variance, (outputs,) each. Only where nothing is between the two, such as an activation.
    """
    gamma, beta, mean, variance = (array.astype(np.float64) for array in normalization)
    scale = gamma / np.sqrt(variance + EPSILON)
    return ((kernel * scale).astype(np.float32), ((bias - mean) * scale + beta).astype(np.float32))
