"""Size and speed of the experiments' networks: one face at a time on one core, as the detector.

    taskset -c 0 python -m benchmarks.networks
"""

import argparse
import time

import numpy as np
from pipeline.nn.conv.emotionvgglayers import layers_with_arrays, parameters

from config import emotion_config as config
from config.experiments import EXPERIMENTS
from pipeline.nn.activationranges import measure_ranges
from pipeline.nn.onnxnetwork import onnx_network
from pipeline.nn.runtimenetwork import RuntimeNetwork

FACES, ROUNDS = 200, 5


def milliseconds_per_face(network, images):
    """Return the fastest of ROUNDS: whatever else the machine does only ever adds time."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(FACES):
            network.predict_on_batch(images)
        rounds.append(1000 * (time.perf_counter() - began) / FACES)
    return min(rounds)


def drawn_network(recipe):
    """Return the record and the arrays of a recipe's network; they are drawn, as at a start."""
    network = {"width": config.IMAGE_SIZE, "height": config.IMAGE_SIZE,
               "depth": config.IMAGE_DEPTH, "classes": config.DEFAULT_CLASSES, **recipe.network}
    random = np.random.default_rng(0)
    weights = {layer.name: tuple(random.uniform(*limits(shape), shape).astype(np.float32)
                                 for shape in layer.shapes)
               for layer in layers_with_arrays(network)}
    return {"network": network, "class_names": config.CLASS_NAMES[6]}, weights


def limits(shape):
    """Return from where to where an array is drawn: He's limit for kernels; the rest is small."""
    limit = np.sqrt(6 / np.prod(shape[:-1]))
    return (-limit, limit) if len(shape) > 1 else (0.01, 0.1)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(argv)
    shape = (config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH)
    face = np.random.default_rng(0).random((1, *shape), dtype=np.float32)
    mirrored_too = np.concatenate([face, face[:, :, ::-1]])
    for number in (1, 6, 7, 8):
        record, weights = drawn_network(EXPERIMENTS[number])
        ranges = measure_ranges(record, weights, face)
        float32, int8 = (RuntimeNetwork(onnx_network(record, weights, values))
                         for values in (None, ranges))
        print(f"experiment {number}: {parameters(record['network']):,} parameters, "
              f"{milliseconds_per_face(float32, face):.2f} ms a face, "
              f"{milliseconds_per_face(float32, mirrored_too):.2f} ms with its mirror image, "
              f"{milliseconds_per_face(int8, face):.2f} ms and "
              f"{milliseconds_per_face(int8, mirrored_too):.2f} ms in int8", flush=True)


if __name__ == "__main__":
    main()
