"""How fast HDF5DatasetGenerator feeds, and what that costs a training.

    python -m benchmarks.feed [float32|mixed_bfloat16]

First the rate of augmented images of one core, from memory and streamed; then seconds for the same
steps of experiment 6's network on the generator and on arrays that lie in memory, in turns.
"""

import sys
import time

from config import emotion_config as config
from config.experiments import EXPERIMENTS
from pipeline.quietimports import import_keras

STEPS, ROUNDS = 40, 5
EXPERIMENT = EXPERIMENTS[6]


def training_data(**options):
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.preprocessing.affineaugmentor import AffineAugmentor
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    return HDF5DatasetGenerator(
        config.HDF5_PATH / "train.hdf5", config.BATCH_SIZE, seed=0,
        augmentors=[AffineAugmentor(**EXPERIMENT.augmentation)],
        preprocessor=ImageToArrayPreprocessor(), **options)


def measure_rate():
    import cv2

    cv2.setNumThreads(1)
    for name, memory_limit in (("from memory", 1 << 30), ("streamed, 16 MiB", 1 << 24)):
        with training_data(memory_limit=memory_limit) as dataset:
            for epoch in (1, 2):
                dataset.epoch = epoch
                began = time.perf_counter()
                images = sum(len(dataset[index][0]) for index in range(len(dataset)))
                rate = images / (time.perf_counter() - began)
        print(f"{name}: {rate:,.0f} augmented images/s on one core")


def measure_training():
    from itertools import islice

    import numpy as np

    from pipeline.nn.kerasgraph import graph_of, keras_model
    from pipeline.training.network import built, compile_for_training

    with training_data(memory_limit=config.MEMORY_LIMIT) as dataset:
        shape = (config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH)
        model = keras_model(graph_of(built(EXPERIMENT, 6, shape, len(dataset.class_names))))
        compile_for_training(model, EXPERIMENT.optimizer, EXPERIMENT.learning_rate(1))
        arrays = [np.concatenate(parts) for parts in zip(*islice(dataset, STEPS))]
        ways = {
            "generator": lambda: model.fit(dataset, steps_per_epoch=STEPS, shuffle=False,
                                           verbose=0),
            "arrays": lambda: model.fit(*arrays, batch_size=config.BATCH_SIZE, shuffle=False,
                                        verbose=0),
        }
        seconds = {name: [] for name in ways}
        for round_number in range(ROUNDS + 1):
            for name, fit in ways.items():
                began = time.perf_counter()
                fit()
                if round_number:  # the first one compiles
                    seconds[name].append(time.perf_counter() - began)
    # The fastest of the rounds: whatever else the machine does only ever adds time.
    for name, rounds in seconds.items():
        print(f"{STEPS} steps on {name}: {min(rounds):.2f} s, the fastest of {ROUNDS} "
              f"({', '.join(f'{value:.2f}' for value in rounds)})")
    print(f"ratio: {min(seconds['generator']) / min(seconds['arrays']):.3f}")


def main():
    import_keras()
    import keras

    keras.config.set_dtype_policy(sys.argv[1] if sys.argv[1:] else "float32")
    measure_rate()
    measure_training()


if __name__ == "__main__":
    main()
