"""mini-XCEPTION: a very small network of depthwise separable convolutions with shortcuts."""

import keras
from keras import layers


class MiniXception:
    """Builds the network: two convolutions, residual modules, then a convolution per class."""

    @staticmethod
    def build(width, height, depth, classes, *, filters=8, l2=0.0, standardization=None):
        """Return an uncompiled keras.Model, (N, height, width, depth) float32 -> (N, classes).

        filters: of the two convolutions at the start; the separable convolutions of the four
        residual modules have 2, 4, 8 and 16 times as many, and each module halves height and width.
        l2, standardization, output: as of EmotionVGGNet. Source: Arriaga, Valdenegro-Toro and
        Plöger, "Real-time convolutional neural networks for emotion and gender classification",
        2017.
        """
        regularizer = keras.regularizers.L2(l2) if l2 else None

        def convolution(x, filters, size, name, **settings):
            x = layers.Conv2D(filters, size, use_bias=False, kernel_regularizer=regularizer,
                              name=name, **settings)(x)
            return layers.BatchNormalization(name=f"{name}_normalization")(x)

        def separable_convolution(x, filters, name):
            x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False,
                                       depthwise_regularizer=regularizer,
                                       pointwise_regularizer=regularizer, name=name)(x)
            return layers.BatchNormalization(name=f"{name}_normalization")(x)

        inputs = keras.Input((height, width, depth))
        x = inputs
        if standardization:
            mean, deviation = standardization
            x = layers.Rescaling(1 / deviation, offset=-mean / deviation)(x)
        for number in (1, 2):
            x = layers.Activation("relu")(convolution(x, filters, 3, f"block1_conv{number}"))
        for block in (2, 3, 4, 5):
            outputs = filters * 2 ** (block - 1)
            shortcut = convolution(x, outputs, 1, f"block{block}_shortcut", strides=2,
                                   padding="same")
            x = separable_convolution(x, outputs, f"block{block}_conv1")
            x = layers.Activation("relu")(x)
            x = separable_convolution(x, outputs, f"block{block}_conv2")
            x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
            x = layers.Add()([x, shortcut])
        x = layers.Conv2D(classes, 3, padding="same", kernel_regularizer=regularizer,
                          name="classes")(x)
        x = layers.GlobalAveragePooling2D()(x)
        outputs = layers.Activation("softmax", dtype="float32")(x)
        return keras.Model(inputs, outputs, name="minixception")
