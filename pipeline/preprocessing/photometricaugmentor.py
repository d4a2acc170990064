"""Random contrast, brightness and gamma of gray images."""

import cv2
import numpy as np


class PhotometricAugmentor:
    """Varies each image by one random tone curve, through a table of its 256 gray values.

    contrast_range and brightness_range: largest relative change, of the distance from middle
    gray and of the whole. gamma_range: (lowest, highest) exponent on gray values in 0-1, drawn
    evenly on a logarithmic scale. What leaves 0-255 is cut off.
    """

    def __init__(self, *, contrast_range=0.0, brightness_range=0.0, gamma_range=(1.0, 1.0)):
        self.contrast_range = contrast_range
        self.brightness_range = brightness_range
        self.gamma_range = gamma_range

    def augment(self, images, random):
        """Return (N, height, width) uint8 images varied by a numpy.random.Generator."""
        tables = self.tables(len(images), random)
        return np.stack([cv2.LUT(image, table) for image, table in zip(images, tables)])

    def tables(self, count, random):
        """Return `count` random tone curves (count, 256) uint8."""
        contrast = random.uniform(1 - self.contrast_range, 1 + self.contrast_range, (count, 1))
        brightness = random.uniform(1 - self.brightness_range, 1 + self.brightness_range,
                                    (count, 1))
        gamma = np.exp(random.uniform(*np.log(self.gamma_range), (count, 1)))
        gray = np.linspace(0, 1, 256) ** gamma
        gray = (0.5 + contrast * (gray - 0.5)) * brightness
        return np.rint(255 * gray.clip(0, 1)).astype(np.uint8)
