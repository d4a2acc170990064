import keras
import numpy as np
import pytest

from config.experiments import EXPERIMENTS
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.training.network import built


def build(**options):
    return EmotionVGGNet.build(width=48, height=48, depth=1, classes=6, **options)


@pytest.mark.parametrize(("blocks", "parameters"), [(3, 588_262), (4, 1_328_102)])
def test_the_number_of_parameters_is_the_originals(blocks, parameters):
    assert build(blocks=blocks).count_params() == parameters


def test_activation_comes_before_batch_normalization():
    kinds = [type(layer).__name__ for layer in build(blocks=3).layers]
    block = ["Conv2D", "Activation", "BatchNormalization"] * 2 + ["MaxPooling2D", "Dropout"]
    connected = ["Dense", "Activation", "BatchNormalization", "Dropout"]
    expected = ["InputLayer", *block * 3, "Flatten", *connected * 2, "Dense", "Activation"]
    assert kinds == expected


def test_the_recipe_reaches_every_kernel():
    model = build(activation="relu", kernel_initializer="glorot_uniform", l2=5e-4)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel_regularizer")]
    assert len(kernels) == 11
    for layer in kernels:
        assert np.isclose(float(layer.kernel_regularizer.l2), 5e-4)
        assert isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
    assert build().losses == []


def test_the_wide_network():
    model = built(EXPERIMENTS[8], 8, (48, 48, 1), 6)
    kinds = [type(layer).__name__ for layer in model.layers]
    block = ["Conv2D", "BatchNormalization", "Activation"] * 2 + ["MaxPooling2D", "Dropout"]
    connected = ["Dense", "BatchNormalization", "Activation", "Dropout"]
    assert kinds == ["InputLayer", "Rescaling", *block * 4, "GlobalAveragePooling2D", *connected,
                     "Dense", "Activation"]
    assert [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)] == [
        48, 48, 96, 96, 192, 192, 384, 384]
    assert model.count_params() < 10_000_000


def test_dropout_rates_reach_their_layers():
    model = build(block_dropout=(0.1, 0.2, 0.3, 0.4), fc_dropout=0.6)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.1, 0.2, 0.3, 0.4, 0.6, 0.6]


def test_standardization_is_part_of_the_network():
    images = np.random.default_rng(0).random((5, 48, 48, 1), dtype=np.float32)
    plain, standardizing = build(), build(standardization=(0.5, 0.25))
    standardizing.set_weights(plain.get_weights())
    expected = plain((images - 0.5) / 0.25)
    assert np.allclose(standardizing(images), expected, atol=1e-5)
    assert not np.allclose(plain(images), expected, atol=1e-3)


def test_outputs_are_float32_probabilities_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.layers[1].compute_dtype == "bfloat16"
    outputs = model(np.random.default_rng(0).random((5, 48, 48, 1), dtype=np.float32))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    assert np.allclose(np.sum(outputs, axis=1), 1, atol=1e-6)
