"""Validates and keeps the moving average of the weights."""

import keras

from pipeline.nn.kerasgraph import weights_of

NUM_BATCHES = 30  # that batch-norm statistics are measured on


class AveragedWeights(keras.callbacks.SwapEMAWeights):
    """Puts the optimizer's moving average of the weights in their place during validation.

    The batch-norm statistics of the trained weights do not fit the average: they are measured
    anew on the first NUM_BATCHES of `dataset`, batches of (images, labels) as they are trained on.
    After validation `weights` has the arrays of the averaged network, {layer: {array: values}},
    and the trained weights are back.
    """

    def __init__(self, dataset):
        super().__init__()
        self.dataset = dataset
        self.weights = None

    def set_model(self, model):
        super().set_model(model)
        self._layers = [layer for layer in model.layers
                        if isinstance(layer, keras.layers.BatchNormalization)]
        self._training_pass = training_pass_of(model, self._layers)

    def on_test_begin(self, logs=None):
        super().on_test_begin(logs)
        self._trained = [layer.get_weights() for layer in self._layers]
        momenta = [layer.momentum for layer in self._layers]
        for index in range(min(NUM_BATCHES, len(self.dataset))):
            # With this momentum the moving mean is the mean.
            self._training_pass(self.dataset[index][0], index / (index + 1))
        for layer, momentum in zip(self._layers, momenta):
            layer.momentum = momentum

    def on_test_end(self, logs=None):
        self.weights = weights_of(self.model)
        super().on_test_end(logs)
        for layer, (*_, mean, variance) in zip(self._layers, self._trained):
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)


def training_pass_of(model, layers):
    """Return a function of images and a momentum that updates the statistics of the layers."""

    def training_pass(images, momentum):
        for layer in layers:
            layer.momentum = momentum
        model(images, training=True)

    if keras.backend.backend() != "jax":
        return training_pass
    import jax  # which takes many times as long for an operation at a time

    @jax.jit
    def compiled(trainable, non_trainable, images, momentum):
        for layer in layers:
            layer.momentum = momentum
        return model.stateless_call(trainable, non_trainable, images, training=True)[1]

    def compiled_pass(images, momentum):
        values = [[variable.value for variable in variables]
                  for variables in (model.trainable_variables, model.non_trainable_variables)]
        for variable, value in zip(model.non_trainable_variables,
                                   compiled(*values, images, momentum), strict=True):
            variable.assign(value)

    return compiled_pass
