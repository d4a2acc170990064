"""Networks that are not ours, one for each thing that a network may do."""

import keras
import numpy as np
from keras import layers

ACTIVATIONS = ("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "hard_silu",
               "sigmoid", "hard_sigmoid", "tanh", "softmax")


def classified(x, classes=3):
    return layers.Dense(classes, activation="softmax")(x)


def one(*kinds, shape=(13, 10, 2)):
    """Return a function that builds a network of some layers, one behind the other."""

    def build():
        x = inputs = keras.Input(shape)
        for kind in kinds:
            x = kind()(x)
        if len(x.shape) > 2:
            x = layers.Flatten()(x)
        return keras.Model(inputs, classified(x))

    return build


def conv(*arguments, **settings):
    return lambda: layers.Conv2D(*(arguments or (4, 3)), **settings)


def residual():
    x = inputs = keras.Input((16, 12, 1))
    x = layers.Rescaling(2.0, offset=-1)(x)
    for filters, strides in ((8, 1), (16, 2)):
        y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(y))
        x = layers.Conv2D(filters, 1, strides=strides)(x)
        x = layers.ReLU()(layers.Add()([y, x]))
    return keras.Model(inputs, classified(layers.GlobalAveragePooling2D()(x)))


def squeeze_and_excitation(gate):
    """gate: "reshaped" or "kept", how the gate becomes an image of one pixel."""
    x = inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, activation="silu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="hard_silu")(x)
    x = layers.Conv2D(16, 1)(y)
    gates = layers.GlobalAveragePooling2D(keepdims=gate == "kept")(x)
    if gate == "reshaped":
        gates = layers.Reshape((1, 1, 16))(gates)
    gates = layers.Dense(4, activation="relu")(gates)
    gates = layers.Dense(16, activation="sigmoid")(gates)
    x = layers.Multiply()([x, gates])
    return keras.Model(inputs, classified(layers.GlobalMaxPooling2D()(x)))


def branches():
    x = inputs = keras.Input((10, 10, 1))
    x = layers.Conv2D(4, 1, name="stem")(x)
    relu, outputs = layers.ReLU(name="relu"), [x]  # one layer without weights, called again
    for _ in range(2):
        x = layers.Conv2D(4, 3, padding="same")(outputs[-1])
        outputs.append(relu(layers.BatchNormalization()(x)))
    x = layers.Concatenate()(outputs)
    return keras.Model(inputs, classified(layers.GlobalAveragePooling2D()(x)))


def dense_without_convolutions():
    x = inputs = keras.Input((6, 5, 2))
    x = layers.Flatten()(x)
    y = x = layers.Dense(12, activation="gelu", use_bias=False)(x)
    for _ in range(2):
        x = layers.BatchNormalization(center=False, scale=False)(layers.Dense(12)(x))
    x = layers.Add()([x, y])
    x = layers.Reshape((2, 3, -1))(x)
    x = layers.Reshape((-1,))(layers.Conv2D(5, 2)(x))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(4)(x)))


def activations():
    x = inputs = keras.Input((13, 10, 2))
    x = layers.Concatenate()([layers.Conv2D(4, 3, activation=name)(x) for name in ACTIVATIONS])
    return keras.Model(inputs, classified(layers.Flatten()(x)))


NETWORKS = {
    "residual": residual,
    "branches": branches,
    "dense": dense_without_convolutions,
    **{f"gate {gate}": lambda gate=gate: squeeze_and_excitation(gate)
       for gate in ("reshaped", "kept")},
    **{f"layer {name}": one(conv(), lambda name=name: layers.Activation(name))
       for name in ACTIVATIONS},
    "arguments": activations,
    "linear": one(conv(), lambda: layers.Activation("linear")),
    "relu with a limit": one(conv(), lambda: layers.ReLU(0.5)),
    "leaky relu": one(conv(), lambda: layers.LeakyReLU(negative_slope=0.4)),
    "elu layer": one(conv(), lambda: layers.ELU(alpha=0.5)),
    "strides": one(conv(6, (3, 2), strides=(2, 3), padding="same")),
    "valid strides": one(conv(6, (2, 3), strides=2)),
    "1 x 1 strides": one(conv(4, 3), conv(6, 1, strides=2, use_bias=False)),
    "dilation": one(conv(6, 3, dilation_rate=(2, 3), padding="same")),
    "valid dilation": one(conv(6, 3, dilation_rate=2)),
    "groups": one(conv(8, 3), conv(12, 3, groups=4)),
    "depthwise": one(lambda: layers.DepthwiseConv2D(3, strides=2, depth_multiplier=3,
                                                    padding="same")),
    "separable": one(lambda: layers.SeparableConv2D(5, 3, strides=2, depth_multiplier=2,
                                                    padding="same", activation="elu"),
                     lambda: layers.BatchNormalization()),
    "folded depthwise": one(lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
                            lambda: layers.BatchNormalization(epsilon=0.01, scale=False)),
    "folded separable": one(lambda: layers.SeparableConv2D(5, 3, use_bias=False),
                            lambda: layers.BatchNormalization(center=False)),
    "max pooling": one(conv(), lambda: layers.MaxPooling2D(3, strides=2, padding="same")),
    "mean pooling": one(conv(), lambda: layers.AveragePooling2D((3, 2), padding="same")),
    "valid pooling": one(conv(), lambda: layers.AveragePooling2D(3, strides=(1, 2))),
    "kept maximum": one(conv(), lambda: layers.GlobalMaxPooling2D(keepdims=True)),
    "padding": one(lambda: layers.ZeroPadding2D(((1, 0), (2, 3))), conv(4, 3, strides=2)),
    "dropouts": one(conv(), lambda: layers.SpatialDropout2D(0.3), lambda: layers.Dropout(0.2),
                    lambda: layers.GaussianNoise(0.1)),
    "channel axis": one(conv(), lambda: layers.BatchNormalization(axis=3, momentum=0.9)),
    "reshaped image": one(conv(), lambda: layers.Reshape((8, 11, 4)), conv(3, 2)),
}


def drawn(build, seed=0):
    """Return a network of NETWORKS with every array drawn, and images that it takes."""
    keras.utils.set_random_seed(seed)
    model = NETWORKS[build]()
    draw = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            if weight.name.endswith("variance") or weight.name == "gamma":
                weight.assign(draw.uniform(0.5, 1.5, weight.shape))
            elif not weight.name.endswith("kernel") and len(weight.shape) == 1:
                weight.assign(draw.normal(0, 0.3, weight.shape))
    return model, draw.random((16, *model.input_shape[1:]), np.float32)

