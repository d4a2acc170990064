"""EmotionVGGNet: a small VGG-like network for 48 x 48 faces."""

import keras
from keras import layers


class EmotionVGGNet:
    """Builds the network: blocks of two 3 x 3 convolutions, then two fully connected layers."""

    @staticmethod
    def build(
        width,
        height,
        depth,
        classes,
        *,
        blocks=4,
        activation="elu",
        kernel_initializer="he_normal",
        l2=0.0,
    ):
        """Return an uncompiled keras.Model, (N, height, width, depth) float32 -> (N, classes).

        Block b (from 0) has 32 * 2**b filters. An activation and a batch normalization follow
        every convolution and fully connected layer; dropout is 0.25 after each pooling and 0.5
        after each fully connected layer; l2 weighs the squares of every kernel. The output is
        float32 probabilities under any precision policy. Source: the original system's tables.
        """

        def normalized(x):
            return layers.BatchNormalization()(layers.Activation(activation)(x))

        def kernel():
            return {
                "kernel_initializer": kernel_initializer,
                "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None,
            }

        inputs = keras.Input((height, width, depth))
        x = inputs
        for block in range(blocks):
            for _ in range(2):
                x = layers.Conv2D(32 * 2**block, 3, padding="same", **kernel())(x)
                x = normalized(x)
            x = layers.MaxPooling2D(2)(x)
            x = layers.Dropout(0.25)(x)
        x = layers.Flatten()(x)
        for _ in range(2):
            x = layers.Dense(64, **kernel())(x)
            x = normalized(x)
            x = layers.Dropout(0.5)(x)
        x = layers.Dense(classes, **kernel())(x)
        outputs = layers.Activation("softmax", dtype="float32")(x)
        return keras.Model(inputs, outputs, name="emotionvggnet")
