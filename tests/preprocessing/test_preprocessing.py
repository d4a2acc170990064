import numpy as np
import pytest

from pipeline.preprocessing.affineaugmentor import AffineAugmentor
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor


def faces(count=64):
    return np.random.default_rng(0).integers(0, 256, (count, 48, 48), dtype=np.uint8)


def test_images_become_arrays_of_0_to_1():
    images = np.array([[[0, 51], [255, 102]]], dtype=np.uint8)
    array = ImageToArrayPreprocessor().preprocess(images)
    assert array.shape == (1, 2, 2, 1) and array.dtype == np.float32
    assert np.allclose(array[0, ..., 0], [[0, 0.2], [1, 0.4]])


def test_without_ranges_nothing_changes():
    augmented = AffineAugmentor().augment(faces(), np.random.default_rng(0))
    assert np.array_equal(augmented, faces())


def test_a_flip_mirrors_about_half_of_the_images_exactly():
    images = faces(400)
    augmented = AffineAugmentor(horizontal_flip=True).augment(images, np.random.default_rng(0))
    mirrored = (augmented == images[:, :, ::-1]).all(axis=(1, 2))
    same = (augmented == images).all(axis=(1, 2))
    assert (mirrored ^ same).all()
    assert 150 < mirrored.sum() < 250


def test_the_same_generator_draws_the_same_images():
    augmentor = AffineAugmentor(horizontal_flip=True, rotation_range=10, zoom_range=0.1)
    first, second = (augmentor.augment(faces(), np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, faces())


@pytest.mark.parametrize(
    ("ranges", "check"),
    [
        ({"rotation_range": 10}, lambda angle, zoom, shift: abs(angle) <= 10),
        ({"zoom_range": 0.1}, lambda angle, zoom, shift: (abs(zoom - 1) <= 0.1).all()),
        ({"shift_range": 0.1}, lambda angle, zoom, shift: (abs(shift) <= 4.8).all()),
    ],
)
def test_draws_stay_within_their_range_and_fill_it(ranges, check):
    matrices = AffineAugmentor(**ranges).matrices(2000, 48, 48, np.random.default_rng(0))
    drawn = []
    for matrix in matrices:
        angle = np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))
        zoom = np.linalg.norm(matrix[:, :2], axis=0)
        shift = matrix @ (23.5, 23.5, 1) - 23.5
        assert check(angle, zoom, shift)
        drawn.append((angle / 10, (zoom[0] - 1) / 0.1, shift[0] / 4.8))
    spread = np.abs(drawn).max(axis=0)
    assert sorted(spread > 0.99) == [False, False, True]
    assert sorted(spread < 1e-6) == [False, True, True]


def test_what_comes_from_outside_repeats_the_edge():
    images = np.full((20, 48, 48), 200, dtype=np.uint8)
    augmentor = AffineAugmentor(rotation_range=45, zoom_range=0.5, shift_range=0.3)
    assert (augmentor.augment(images, np.random.default_rng(0)) == 200).all()
