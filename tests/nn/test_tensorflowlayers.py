import keras
import numpy as np
import pytest

from pipeline.nn.tensorflowlayers import BatchNormalization, Conv2D

KERAS = keras.layers.BatchNormalization


def images(count=16):
    return 3 + 2 * np.random.default_rng(0).standard_normal((count, 6, 6, 5), dtype=np.float32)


def network(normalization):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((6, 6, 5)), keras.layers.Conv2D(4, 3, use_bias=False), normalization(),
        keras.layers.ReLU(), keras.layers.Flatten(),
        keras.layers.Dense(3, use_bias=False), normalization(),
        keras.layers.Activation("softmax")])
    model.compile(keras.optimizers.SGD(0.1), loss="categorical_crossentropy")
    return model


def test_training_and_use_are_those_of_keras_layer():
    labels = np.eye(3, dtype=np.float32)[np.arange(16) % 3]
    trained = []
    for normalization in (BatchNormalization, KERAS):
        model = network(normalization)
        initial = model.get_weights()
        for _ in range(5):
            model.train_on_batch(images(), labels)
        trained.append(model)
    for ours, theirs, before in zip(*(model.get_weights() for model in trained), initial):
        assert np.allclose(ours, theirs, atol=1e-5)
        assert not np.allclose(ours, before, atol=1e-4)
    assert np.allclose(*(model(images()) for model in trained), atol=1e-5)


def test_a_frozen_layer_does_not_learn():
    layer = BatchNormalization()
    layer.build((None, 6, 6, 5))
    layer.trainable = False
    assert np.allclose(layer(images(), training=True), images(), rtol=1e-3)
    assert np.array_equal(layer.moving_mean, np.zeros(5))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    layer = BatchNormalization(momentum=0.0, dtype=policy)
    outputs = layer(images(1024), training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
    rounded = np.array(keras.ops.cast(images(1024), layer.compute_dtype)).astype(np.float64)
    assert keras.backend.standardize_dtype(layer.moving_mean.dtype) == "float32"
    assert np.allclose(layer.moving_mean, rounded.mean((0, 1, 2)), rtol=1e-5)
    assert np.allclose(layer.moving_variance, rounded.var((0, 1, 2)), rtol=1e-4)


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (3, 2)])
def test_a_strided_convolution_of_one_pixel_trains_as_keras_own(strides):
    images = np.random.default_rng(1).random((8, 12, 10, 3), np.float32)
    gradients = []
    for kind in (Conv2D, keras.layers.Conv2D):
        keras.utils.set_random_seed(0)
        layer = kind(5, 1, strides=strides)
        layer.build(images.shape)
        if kind is Conv2D:
            outputs = layer(images)
            assert layer.strides == strides
        else:
            outputs = keras.ops.einsum("nhwc,cd->nhwd", images[:, ::strides[0], ::strides[1]],
                                       layer.kernel[0, 0]) + layer.bias
        gradients.append(np.array(outputs))
    assert np.allclose(*gradients, atol=1e-5)


def test_a_network_of_strided_shortcuts_survives_its_training():
    x = inputs = keras.Input((48, 48, 1))
    x = keras.layers.Conv2D(8, 3, padding="same")(x)
    x = Conv2D(16, 1, strides=2, padding="same", use_bias=False)(x)
    outputs = keras.layers.Dense(6)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse", jit_compile=False)
    images = np.random.default_rng(0).random((128, 48, 48, 1), np.float32)
    for _ in range(20):  # Keras's own layer ends the process here
        loss = model.train_on_batch(images, np.ones((128, 6), np.float32))
    assert np.isfinite(loss)
