"""Size and speed of the experiments' networks: one face at a time on one core, as the detector.

    taskset -c 0 python -m benchmarks.networks
"""

import argparse
import time

import numpy as np

from config import emotion_config as config
from config.experiments import EXPERIMENTS
from pipeline.process.imports import import_keras

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


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(argv)
    import_keras()
    from pipeline.nn.kerasgraph import graph_of, weights_of
    from pipeline.nn.onnxnetwork import measure_ranges, onnx_network
    from pipeline.nn.runtimenetwork import RuntimeNetwork
    from pipeline.training.network import built

    shape = (config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH)
    face = np.random.default_rng(0).random((1, *shape), dtype=np.float32)
    mirrored_too = np.concatenate([face, face[:, :, ::-1]])
    names = config.CLASS_NAMES[6]
    for number in (1, 6, 7, 8, 29):
        model = built(EXPERIMENTS[number], number, shape, len(names))
        graph, weights = graph_of(model), weights_of(model)
        ranges = measure_ranges(graph, weights, face)
        float32, int8 = (RuntimeNetwork(onnx_network(graph, weights, names, values))
                         for values in (None, ranges))
        print(f"experiment {number}: {model.count_params():,} parameters, "
              f"{milliseconds_per_face(float32, face):.2f} ms a face, "
              f"{milliseconds_per_face(float32, mirrored_too):.2f} ms with its mirror image, "
              f"{milliseconds_per_face(int8, face):.2f} ms and "
              f"{milliseconds_per_face(int8, mirrored_too):.2f} ms in int8", flush=True)


if __name__ == "__main__":
    main()
