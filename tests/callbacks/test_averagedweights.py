import keras
import numpy as np
import pytest

from pipeline.callbacks.averagedweights import NUM_BATCHES, AveragedWeights
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.kerasgraph import set_weights
from pipeline.training.network import compile_for_training


@pytest.fixture(scope="module")
def trained_once():
    """A network that keeps an average, trained for a few steps, and its data."""
    keras.utils.set_random_seed(0)
    model = EmotionVGGNet.build(8, 8, 1, 2, blocks=1)
    compile_for_training(model, "sgd", 0.05, label_smoothing=0.1, ema_momentum=0.9)
    random = np.random.default_rng(0)
    batches = [(random.random((32, 8, 8, 1), dtype=np.float32), np.eye(2)[np.arange(32) % 2])
               for _ in range(NUM_BATCHES + 1)]
    for batch in batches:
        model.train_on_batch(*batch)
    return model, batches


@pytest.fixture
def trained(trained_once):
    """The same, of which a test may change the weights."""
    model, _ = trained_once
    weights = model.get_weights()
    yield trained_once
    model.set_weights(weights)


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def validated(model, batches):
    callback = AveragedWeights(batches)
    callback.set_model(model)
    callback.on_test_begin()
    during = model.get_weights()
    callback.on_test_end()
    return callback, during


def test_validation_sees_the_average_and_training_goes_on_as_if_nothing_was(trained):
    model, batches = trained
    before = model.get_weights()
    average = [np.array(value) for value in model.optimizer._model_variables_moving_average]
    callback, during = validated(model, batches)
    kept = {f"{layer}/{name}": array for layer, arrays in callback.weights.items()
            for name, array in arrays.items()}
    assert all(np.array_equal(kept[path], seen)
               for path, seen in zip((weight.path for weight in model.weights), during))
    paths = [variable.path for variable in model.weights]
    trainable = [variable.path for variable in model.trainable_variables]
    moved = 0
    for path, expected in zip(trainable, average, strict=True):
        assert np.allclose(kept[path], expected, atol=1e-6)
        moved += not np.allclose(before[paths.index(path)], expected, atol=1e-4)
    assert moved > len(average) / 2
    for earlier, later, path in zip(before, model.get_weights(), paths):
        if "moving" in path:
            assert np.array_equal(earlier, later)
        assert np.allclose(earlier, later, atol=1e-6)
    assert [layer.rate for layer in layers(model, keras.layers.Dropout)] == [0.25, 0.5, 0.5]
    assert {layer.momentum for layer in layers(model, keras.layers.BatchNormalization)} == {0.99}


def test_statistics_are_the_mean_of_those_of_the_first_batches(trained):
    model, batches = trained
    callback, _ = validated(model, batches)
    set_weights(model, callback.weights)
    first = layers(model, keras.layers.BatchNormalization)[0]
    before_it = keras.Model(model.inputs[0], first.input)
    outputs = [np.array(before_it(images)) for images, _ in batches[:NUM_BATCHES]]
    assert np.allclose(first.moving_mean, np.mean([o.mean((0, 1, 2)) for o in outputs], axis=0),
                       atol=1e-5)
    assert np.allclose(first.moving_variance,
                       np.mean([o.var((0, 1, 2)) for o in outputs], axis=0), atol=1e-5)


def test_fewer_batches_are_enough(trained):
    model, batches = trained
    callback, _ = validated(model, batches[:1])
    assert all(np.isfinite(array).all() for arrays in callback.weights.values()
               for array in arrays.values())
