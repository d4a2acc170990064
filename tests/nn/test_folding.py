import keras
import numpy as np
import pytest

from config.experiments import BETTER_TRAINED, SGD_BASELINE, WIDER
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.folding import folded


def network_of(recipe):
    keras.utils.set_random_seed(0)
    model = EmotionVGGNet.build(16, 16, 1, 3, **recipe.network | {
        "blocks": 2, "filters": 4, "block_dropout": 0.5, "fc_units": (5,)})
    draw = np.random.default_rng(0)
    for layer in normalizations_of(model):
        layer.set_weights([draw.uniform(0.5, 1.5, array.shape) for array in layer.get_weights()])
    return model


def normalizations_of(model):
    return [layer for layer in model.layers
            if isinstance(layer, keras.layers.BatchNormalization)]


@pytest.mark.parametrize(("recipe", "left"), [(SGD_BASELINE, 5), (BETTER_TRAINED, 5), (WIDER, 0)])
def test_outputs_are_equal_and_normalizations_behind_a_kernel_are_gone(recipe, left):
    model = network_of(recipe)
    images = np.random.default_rng(1).random((4, 16, 16, 1), dtype=np.float32)
    expected = model.predict_on_batch(images)
    assert np.ptp(expected, axis=0).max() > 1e-3  # they depend on the images
    quick = folded(model)
    assert len(normalizations_of(quick)) == left
    assert np.allclose(quick.predict_on_batch(images), expected, atol=1e-6)


def test_the_model_stays_as_it_was():
    model = network_of(WIDER)
    before = model.get_weights()
    folded(model)
    assert len(normalizations_of(model)) == 5
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights()))
