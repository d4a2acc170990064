"""Predictions averaged over views of each image."""

import numpy as np

from pipeline.errors import UserError

SHIFT = 2  # pixels, of 48


def shifted(images, down, right):
    """Return (N, height, width, depth) images moved by whole pixels; the edge is repeated."""
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return images[:, rows][:, :, columns]


def views(images, augmentation):
    """Return the views of (N, height, width, depth) images for an augmentation.

    None: the images. "flip": also their mirror images. "shifts": both, each also moved by SHIFT
    pixels up, down, left and right.
    """
    both = [images, images[:, :, ::-1]]
    if augmentation != "shifts":
        return both if augmentation == "flip" else [images]
    moves = ((0, 0), (-SHIFT, 0), (SHIFT, 0), (0, -SHIFT), (0, SHIFT))
    return [shifted(view, *move) for view in both for move in moves]


def predict(model, dataset, augmentation=None):
    """Return the probabilities (N, classes) float32 of the images of a dataset, in its order."""
    return np.concatenate([predict_on_batch(model, dataset[index][0], augmentation)
                           for index in range(len(dataset))])


def predict_on_batch(model, images, augmentation=None):
    """Return the mean of a model's probabilities over the views of each image."""
    return np.mean([model.predict_on_batch(view) for view in views(images, augmentation)], axis=0)


def require_numbers(probabilities, path):
    """Raise UserError if a network computes NaN or infinity."""
    if not np.isfinite(probabilities).all():
        raise UserError(f"{path}: its network gives no numbers; take another one")
