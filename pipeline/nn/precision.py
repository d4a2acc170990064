"""float32 or int8: what a processor computes in less time."""

import time

import numpy as np

from pipeline.nn.conv.emotionvgglayers import DEFAULTS, layers_with_arrays
from pipeline.nn.onnxnetwork import onnx_network
from pipeline.nn.quantization import stages
from pipeline.nn.runtimenetwork import RuntimeNetwork

# A small network: two convolutions, the second of which takes a quarter of a millisecond.
PROBE = {"width": 24, "height": 24, "depth": 1, "classes": 2, "blocks": 1, "filters": 48,
         "fc_units": (), "global_pooling": True}
RUNS = 5


def int8_is_faster(network):
    """Return whether int8 is, on this processor and for the layers of a record's network.

    It is measured, in about ten milliseconds. What is between the kernels counts: a rectifier
    costs nothing in int8, while an ELU, or a normalization behind it, is computed in float32.
    """
    probe = {**DEFAULTS, **network, **PROBE}
    weights = {layer.name: tuple(np.full(shape, 0.01, np.float32) for shape in layer.shapes)
               for layer in layers_with_arrays(probe)}
    ranges = {stage: (0.0, 1.0) for stage in stages(probe)}
    record = {"network": probe, "class_names": ("a", "b")}
    float32, int8 = (RuntimeNetwork(onnx_network(record, weights, values), threads=1)
                     for values in (None, ranges))
    return _seconds(int8) < _seconds(float32)


def _seconds(network):
    """Return the shortest of some runs: whatever else the machine does only adds time."""
    images = np.zeros((1, PROBE["height"], PROBE["width"], PROBE["depth"]), np.float32)
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        network.predict_on_batch(images)
        times.append(time.perf_counter() - began)
    return min(times)
