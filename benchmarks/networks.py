"""Size and speed of the experiments' networks: one face at a time on one core.

    taskset -c 0 python -m benchmarks.networks
"""

import time

import numpy as np

from config import emotion_config as config
from config.experiments import EXPERIMENTS
from pipeline.quietimports import import_keras

FACES, ROUNDS = 200, 5


def milliseconds_per_face(classify, face):
    """Return the fastest of ROUNDS: whatever else the machine does only ever adds time."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(FACES):
            classify(face)
        rounds.append(1000 * (time.perf_counter() - began) / FACES)
    return min(rounds)


def main():
    import_keras()
    from pipeline.detection.faces.emotionclassifier import compiled
    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet

    shape = (config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH)
    face = np.random.default_rng(0).random((1, *shape), dtype=np.float32)
    mirrored_too = np.concatenate([face, face[:, :, ::-1]])
    for number in (1, 6, 7, 8, 11):
        model = EmotionVGGNet.build(*shape, config.DEFAULT_CLASSES, **EXPERIMENTS[number].network)
        classify = compiled(model)
        print(f"experiment {number}: {model.count_params():,} parameters, "
              f"{milliseconds_per_face(classify, face):.2f} ms a face, "
              f"{milliseconds_per_face(classify, mirrored_too):.2f} ms with its mirror image",
              flush=True)


if __name__ == "__main__":
    main()
