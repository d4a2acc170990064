"""How large the activations of a network become, which int8 has to know."""

from onnx import TensorProto, helper

from pipeline.nn.onnxnetwork import onnx_network
from pipeline.nn.quantization import LARGEST_ACTIVATION, stages
from pipeline.nn.runtimenetwork import RuntimeNetwork

# Enough to see what is large: four times as many gave no other accuracy on PublicTest.
NUM_IMAGES = 512
BATCH_SIZE = 32  # all activations of a batch are in memory


def measure_ranges(record, weights, images):
    """Return {stage: [lowest, highest]} over images (N, height, width, depth) float32 in 0-1.

    record, weights: of checkpoint.read. Returns None if an activation is no number, or beyond
    LARGEST_ACTIVATION.
    """
    names = stages(record["network"])
    model = onnx_network(record, weights)
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
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
