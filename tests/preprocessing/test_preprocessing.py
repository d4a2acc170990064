import numpy as np
import pytest

from pipeline.preprocessing.affineaugmentor import AffineAugmentor
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor
from pipeline.preprocessing.pixelaugmentors import Mixup, PhotometricAugmentor, RandomErasing


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


def test_scale_keeps_the_aspect_and_aspect_the_area():
    for options in ({"scale_range": 0.2}, {"aspect_range": 0.2}):
        matrices = AffineAugmentor(**options).matrices(2000, 48, 48, np.random.default_rng(0))
        width, height = matrices[:, 0, 0], matrices[:, 1, 1]
        ratio, area = width / height, width * height
        kept, drawn = (ratio, np.sqrt(area)) if "scale_range" in options else (area, ratio)
        assert np.allclose(kept, 1)
        assert 0.8 <= drawn.min() < 0.81 and 1.19 < drawn.max() <= 1.2


def test_tone_curves_stay_within_their_range_and_fill_it():
    augmentor = PhotometricAugmentor(contrast_range=0.25)
    tables = augmentor.tables(2000, np.random.default_rng(0)).astype(int)
    assert (tables.min(axis=0)[192], tables.max(axis=0)[192]) == (176, 208)
    assert (abs(tables[:, [127, 128]] - 127.5) <= 1).all()
    brightness = PhotometricAugmentor(brightness_range=0.25).tables(2000, np.random.default_rng(0))
    assert (brightness[:, 100].min(), brightness[:, 100].max()) == (75, 125)
    gamma = PhotometricAugmentor(gamma_range=(0.5, 2.0)).tables(2000, np.random.default_rng(0))
    assert (gamma[:, 64].min(), gamma[:, 64].max()) == (16, 128)
    assert (gamma[:, [0, 255]] == (0, 255)).all()


def test_a_tone_curve_is_one_for_the_whole_image_and_another_for_the_next():
    images = np.tile(np.arange(256, dtype=np.uint8).reshape(16, 16), (8, 1, 1))
    augmentor = PhotometricAugmentor(contrast_range=0.25, brightness_range=0.25,
                                     gamma_range=(0.7, 1.4))
    augmented = augmentor.augment(images, np.random.default_rng(0))
    tables = augmentor.tables(8, np.random.default_rng(0))
    assert np.array_equal(augmented.reshape(8, 256), tables)
    assert (np.diff(tables.astype(int), axis=1) >= 0).all()
    assert len(np.unique(tables, axis=0)) == 8


def test_without_ranges_no_tone_changes():
    assert np.array_equal(PhotometricAugmentor().augment(faces(), np.random.default_rng(0)),
                          faces())


def test_erasing_fills_one_rectangle_of_some_images():
    images = np.full((2000, 48, 48), 100, dtype=np.uint8)
    erased = RandomErasing(erasing_probability=0.5, erasing_area_range=(0.02, 0.15)).augment(
        images, np.random.default_rng(0))
    assert (images == 100).all()
    areas = []
    for image in erased:
        rows, columns = np.nonzero(image != 100)
        if len(rows):
            areas.append((np.ptp(rows) + 1) * (np.ptp(columns) + 1))
            assert len(rows) > 0.9 * areas[-1]
    assert 900 < len(areas) < 1100
    shares = np.array(areas) / 48**2
    assert 0.015 < shares.min() < 0.03 and 0.14 < shares.max() < 0.17
    assert len(np.unique(erased[erased != 100])) == 255


def test_an_erased_rectangle_fits_a_small_image():
    images = np.zeros((200, 5, 3), dtype=np.uint8)
    erased = RandomErasing(erasing_probability=1.0, erasing_area_range=(1.0, 1.0)).augment(
        images, np.random.default_rng(0))
    assert (erased != 0).any(axis=(1, 2)).all()


def mixed(epoch, seed):
    images = np.arange(8, dtype=np.float32).reshape(8, 1, 1, 1)
    return Mixup(alpha=0.2, last_epoch=60).mix(images, np.eye(8, dtype=np.float32), epoch,
                                               np.random.default_rng(seed))


def test_mixup_mixes_images_and_labels_alike_in_half_of_the_batches():
    changed = 0
    for seed in range(400):
        images, labels = mixed(60, seed)
        assert images.dtype == labels.dtype == np.float32
        assert np.allclose(labels.sum(axis=1), 1)
        assert np.allclose(labels @ np.arange(8), images.ravel(), atol=1e-5)
        changed += not np.array_equal(labels, np.eye(8))
    assert 160 < changed < 240


def test_mixup_ends_with_its_last_epoch():
    assert all(np.array_equal(mixed(61, seed)[1], np.eye(8)) for seed in range(50))


def test_what_comes_from_outside_repeats_the_edge():
    images = np.full((20, 48, 48), 200, dtype=np.uint8)
    augmentor = AffineAugmentor(rotation_range=45, zoom_range=0.5, shift_range=0.3)
    assert (augmentor.augment(images, np.random.default_rng(0)) == 200).all()
