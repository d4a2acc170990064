"""EmotionVGGNet: a small VGG-like network for 48 x 48 faces."""

import keras
from keras import layers


class EmotionVGGNet:
    """Builds the network: blocks of two 3 x 3 convolutions, then fully connected layers."""

    @staticmethod
    def build(
        width,
        height,
        depth,
        classes,
        *,
        blocks=4,
        filters=32,
        activation="elu",
        kernel_initializer="he_normal",
        l2=0.0,
        normalization_first=False,
        global_pooling=False,
        fc_units=(64, 64),
        block_dropout=0.25,
        fc_dropout=0.5,
        standardization=None,
    ):
        """Return an uncompiled keras.Model, (N, height, width, depth) float32 -> (N, classes).

        Block b (from 0) has filters * 2**b filters. An activation and a batch normalization
        follow every convolution and fully connected layer, in this order unless
        normalization_first. block_dropout: a rate for all blocks, or one each; fc_dropout: after
        each fully connected layer. global_pooling: global average pooling in place of flattening.
        l2: weight decay of every kernel. standardization: (mean, standard deviation) of the
        training images, subtracted and divided by. The output is float32 probabilities under any
        precision policy. The defaults are those of the original system.
        """

        def normalized(x, name):
            normalization = layers.BatchNormalization(name=f"{name}_normalization")
            if normalization_first:
                return layers.Activation(activation)(normalization(x))
            return normalization(layers.Activation(activation)(x))

        kernel = {"kernel_initializer": kernel_initializer,
                  "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None}
        if isinstance(block_dropout, int | float):
            block_dropout = [block_dropout] * blocks
        inputs = keras.Input((height, width, depth))
        x = inputs
        if standardization:
            mean, deviation = standardization
            x = layers.Rescaling(1 / deviation, offset=-mean / deviation)(x)
        for block, dropout in zip(range(blocks), block_dropout, strict=True):
            for convolution in range(2):
                name = f"block{block + 1}_conv{convolution + 1}"
                x = layers.Conv2D(filters * 2**block, 3, padding="same", name=name, **kernel)(x)
                x = normalized(x, name)
            x = layers.MaxPooling2D(2)(x)
            x = layers.Dropout(dropout)(x)
        x = layers.GlobalAveragePooling2D()(x) if global_pooling else layers.Flatten()(x)
        for number, units in enumerate(fc_units, start=1):
            x = layers.Dense(units, name=f"fc{number}", **kernel)(x)
            x = normalized(x, f"fc{number}")
            x = layers.Dropout(fc_dropout)(x)
        x = layers.Dense(classes, name="classes", **kernel)(x)
        outputs = layers.Activation("softmax", dtype="float32")(x)
        return keras.Model(inputs, outputs, name="emotionvggnet")
