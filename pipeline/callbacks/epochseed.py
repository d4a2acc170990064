"""Makes every random draw of an epoch a function of the seed and the epoch."""

import keras
import numpy as np


class EpochSeed(keras.callbacks.Callback):
    """Gives the dataset its epoch and seeds each layer that draws (dropout, noise) anew.

    So a resumed epoch draws what it would have drawn in a run that was never stopped,
    whatever the model file keeps of the random state.
    """

    def __init__(self, dataset, seed):
        super().__init__()
        self.dataset = dataset
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        self.dataset.epoch = epoch + 1
        for position, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                state = np.random.SeedSequence((self.seed, epoch + 1, position))
                generator.state.assign(state.generate_state(2))
