import keras
import numpy as np
import pytest

from pipeline.nn.conv.emotionvggnet import EmotionVGGNet


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
