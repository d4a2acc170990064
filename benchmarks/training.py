"""Training speed with this project's batch normalization and with Keras's own, in turns.

    python -m benchmarks.training

Images a second of experiment 6's network, in float32 and mixed_bfloat16.
"""

import time

import numpy as np

from config import emotion_config as config
from config.experiments import EXPERIMENTS
from pipeline.quietimports import import_keras

STEPS, ROUNDS = 10, 5
EXPERIMENT = EXPERIMENTS[6]


def training_step(of_graph):
    """Return a function that trains on one batch of random images.

    of_graph: whether the network is that of keras_model, which trainings have.
    """
    from pipeline.nn.kerasgraph import graph_of, keras_model
    from pipeline.training.network import built, compile_for_training

    shape = (config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH)
    model = built(EXPERIMENT, 6, shape, config.DEFAULT_CLASSES)
    if of_graph:
        model = keras_model(graph_of(model))
    compile_for_training(model, EXPERIMENT.optimizer, EXPERIMENT.learning_rate(1))
    random = np.random.default_rng(0)
    images = random.random((config.BATCH_SIZE, *shape), dtype=np.float32)
    labels = np.eye(config.DEFAULT_CLASSES, dtype=np.float32)[
        random.integers(0, config.DEFAULT_CLASSES, config.BATCH_SIZE)]
    return lambda: model.train_on_batch(images, labels)


def main():
    import_keras()
    import keras

    layers = {"ours": True, "Keras's": False}
    for precision in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(precision)
        steps = {name: training_step(of_graph) for name, of_graph in layers.items()}
        seconds = {name: [] for name in layers}
        for _ in range(ROUNDS + 1):
            for name, step in steps.items():
                began = time.perf_counter()
                for _ in range(STEPS):
                    step()
                seconds[name].append(time.perf_counter() - began)
        for name in layers:
            # The fastest: the first round compiles, and other work only ever adds time.
            rate = STEPS * config.BATCH_SIZE / min(seconds[name])
            print(f"{precision}, batch normalization {name}: {rate:.0f} training images/s",
                  flush=True)


if __name__ == "__main__":
    main()
