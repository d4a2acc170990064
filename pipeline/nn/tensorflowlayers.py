"""Layers with other operations on TensorFlow than Keras's own."""

import keras


class BatchNormalization(keras.layers.BatchNormalization):
    """Normalizes training batches of images in one operation, with float32 statistics.

    Keras takes several passes over the batch.
    """

    def call(self, inputs, training=None, mask=None):
        fused = training and self.trainable and len(inputs.shape) == 4
        if not (fused and self.center and self.scale):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow

        outputs, mean, variance, *_ = tensorflow.raw_ops.FusedBatchNormV3(
            x=inputs, scale=self.gamma, offset=self.beta, mean=[], variance=[],
            epsilon=self.epsilon, is_training=True)
        count = tensorflow.size(inputs) / tensorflow.size(mean)
        variance *= tensorflow.cast((count - 1) / count, variance.dtype)  # it comes over n - 1
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs


class Conv2D(keras.layers.Conv2D):
    """Leaves out the pixels that a 1 x 1 kernel skips before it convolves.

    The gradient of TensorFlow 2.21's own strided 1 x 1 convolution writes beyond its memory on a
    CPU, and ends the process.
    """

    def call(self, inputs):
        if self.kernel_size != (1, 1) or self.strides == (1, 1):
            return super().call(inputs)
        strides, self.strides = self.strides, (1, 1)
        try:
            return super().call(inputs[:, ::strides[0], ::strides[1]])
        finally:
            self.strides = strides


SUBSTITUTES = {"BatchNormalization": BatchNormalization, "Conv2D": Conv2D}

# A model file names Keras's own layers, so that any Keras program can load it.
for substitute in SUBSTITUTES.values():
    substitute.__module__ = "keras.layers"
