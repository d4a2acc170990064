"""The ranges of a network's activations, which int8 needs."""

from pipeline.nn.onnxnetwork import ranged_network
from pipeline.nn.quantization import LARGEST_ACTIVATION
from pipeline.nn.runtimenetwork import RuntimeNetwork

# Enough to see the extremes: four times as many gave the same accuracy on PublicTest.
NUM_IMAGES = 512
BATCH_SIZE = 32  # all activations of a batch are in memory


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
