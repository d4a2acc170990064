"""Random erasing of a part of gray images."""

import numpy as np

ASPECT_RATIO = 3.3  # widest or tallest rectangle: Zhong et al., 2017


class RandomErasing:
    """Fills a random rectangle of some images with noise (Zhong et al., 2017).

    probability: share of the images, 0-1. area_range: (smallest, largest) share of the image.
    A rectangle that would be wider or taller than the image is cut to it.
    """

    def __init__(self, *, probability, area_range):
        self.probability = probability
        self.area_range = area_range

    def augment(self, images, random):
        """Return (N, height, width) uint8 images varied by a numpy.random.Generator."""
        images = images.copy()
        count, image_height, image_width = images.shape
        chosen = random.random(count) < self.probability
        area = random.uniform(*self.area_range, count) * image_height * image_width
        ratio = np.exp(random.uniform(-np.log(ASPECT_RATIO), np.log(ASPECT_RATIO), count))
        heights = np.rint(np.sqrt(area * ratio)).clip(1, image_height).astype(int)
        widths = np.rint(np.sqrt(area / ratio)).clip(1, image_width).astype(int)
        tops = random.integers(0, image_height - heights + 1)
        lefts = random.integers(0, image_width - widths + 1)
        for number in np.flatnonzero(chosen):
            top, left = tops[number], lefts[number]
            shape = heights[number], widths[number]
            images[number, top:top + shape[0], left:left + shape[1]] = random.integers(
                0, 256, shape, dtype=np.uint8)
        return images
