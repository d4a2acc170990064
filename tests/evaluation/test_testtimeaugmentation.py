import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.evaluation.testtimeaugmentation import (
    predict,
    require_numbers,
    shifted,
    views,
)

IMAGES = np.random.default_rng(0).random((3, 8, 8, 1), dtype=np.float32)


class Dataset:
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return (IMAGES[:2] if index == 0 else IMAGES[2:]), None


class LeftHalf:
    """Gives the mean of the left half and of the right half as its probabilities."""

    def predict_on_batch(self, images):
        return np.stack([images[:, :, :4].mean(axis=(1, 2, 3)),
                         images[:, :, 4:].mean(axis=(1, 2, 3))], axis=1)


def test_shifts_repeat_the_edge():
    down = shifted(IMAGES, 2, 0)
    assert np.array_equal(down[:, 2:], IMAGES[:, :-2])
    assert np.array_equal(down[:, 0], IMAGES[:, 0])
    left = shifted(IMAGES, 0, -2)
    assert np.array_equal(left[:, :, :-2], IMAGES[:, :, 2:])
    assert np.array_equal(left[:, :, -1], IMAGES[:, :, -1])


@pytest.mark.parametrize(("augmentation", "count"), [(None, 1), ("flip", 2), ("shifts", 10)])
def test_views_are_different_and_hold_the_image(augmentation, count):
    found = views(IMAGES, augmentation)
    assert len({view.tobytes() for view in found}) == len(found) == count
    assert any(np.array_equal(view, IMAGES) for view in found)


def test_predictions_are_averaged_in_the_order_of_the_dataset():
    plain = predict(LeftHalf(), Dataset())
    assert np.allclose(plain, LeftHalf().predict_on_batch(IMAGES))
    both = predict(LeftHalf(), Dataset(), "flip")
    mean = (plain + LeftHalf().predict_on_batch(IMAGES[:, :, ::-1])) / 2
    assert np.allclose(both, mean)
    assert not np.allclose(both, plain)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_probabilities_that_are_no_numbers_are_an_error_of_the_model_file(value):
    require_numbers(np.ones((2, 2)), "model.hdf5")
    with pytest.raises(UserError, match=r"^model\.hdf5: its network gives no numbers"):
        require_numbers(np.array([[1, 0], [0, value]]), "model.hdf5")
