"""Random changes of the pixels: tone curves, erased rectangles, mixtures of two images."""

from dataclasses import dataclass

import cv2
import numpy as np

LARGEST_ASPECT = 3.3  # of an erased rectangle: Zhong et al., 2017
MIXED_SHARE = 0.5  # of the batches


@dataclass(frozen=True)
class PhotometricAugmentor:
    """Varies each image by one random tone curve, through a table of its 256 gray values."""

    contrast_range: float = 0.0  # largest relative change of the distance from middle gray
    brightness_range: float = 0.0  # largest relative change
    gamma_range: tuple[float, float] = (1.0, 1.0)  # exponents on 0-1, drawn logarithmically

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


@dataclass(frozen=True)
class RandomErasing:
    """Fills a random rectangle of some images with noise (Zhong et al., 2017)."""

    erasing_probability: float = 0.0  # share of the images, 0-1
    erasing_area_range: tuple[float, float] = (0.0, 0.0)  # smallest, largest share of the image

    def augment(self, images, random):
        """Return (N, height, width) uint8 images varied by a numpy.random.Generator."""
        images = images.copy()
        count, image_height, image_width = images.shape
        chosen = random.random(count) < self.erasing_probability
        area = random.uniform(*self.erasing_area_range, count) * image_height * image_width
        ratio = np.exp(random.uniform(-np.log(LARGEST_ASPECT), np.log(LARGEST_ASPECT), count))
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


@dataclass(frozen=True)
class Mixup:
    """Replaces the samples of half of the batches by mixtures of two (Zhang et al., 2018)."""

    alpha: float  # both parameters of the beta distribution that a batch's weight is drawn from
    last_epoch: int  # counted from 1; after it samples stay as they are

    def mix(self, images, labels, epoch, random):
        """Return (N, ...) float32 images and (N, classes) labels, mixed by a Generator."""
        if epoch > self.last_epoch or random.random() >= MIXED_SHARE:
            return images, labels
        weight = np.float32(random.beta(self.alpha, self.alpha))
        partners = random.permutation(len(images))
        return (weight * images + (1 - weight) * images[partners],
                weight * labels + (1 - weight) * labels[partners])
