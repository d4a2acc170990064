"""Validates and keeps the moving average of the weights."""

import keras

NUM_BATCHES = 30  # that batch-norm statistics are measured on


class AveragedWeights(keras.callbacks.SwapEMAWeights):
    """Puts the optimizer's moving average of the weights in their place during validation.

    The batch-norm statistics of the trained weights do not fit the average: they are measured
    anew, in training mode. When validation ends, `weights` is a list of all arrays of the
    averaged network, and the trained weights are back. dataset: batches of (images, labels) as
    they are trained on, augmented; the first NUM_BATCHES are used.
    """

    def __init__(self, dataset):
        super().__init__()
        self.dataset = dataset
        self.weights = None

    def on_test_begin(self, logs=None):
        super().on_test_begin(logs)
        self._layers = [layer for layer in self.model.layers
                        if isinstance(layer, keras.layers.BatchNormalization)]
        self._trained = [layer.get_weights() for layer in self._layers]
        measure_batch_statistics(self.model, self._layers, self.dataset)

    def on_test_end(self, logs=None):
        self.weights = self.model.get_weights()
        statistics = [weights[2:] for weights in self._trained]
        super().on_test_end(logs)
        for layer, (mean, variance) in zip(self._layers, statistics):
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)


def measure_batch_statistics(model, layers, dataset):
    """Give batch-norm layers the mean statistics of the dataset's first NUM_BATCHES batches."""
    momenta = [layer.momentum for layer in layers]
    for index in range(min(NUM_BATCHES, len(dataset))):
        for layer in layers:
            layer.momentum = index / (index + 1)  # so that the moving mean is the mean
        model(dataset[index][0], training=True)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
