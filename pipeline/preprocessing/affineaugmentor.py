"""Random flips, rotations, zooms and shifts of gray images."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class AffineAugmentor:
    """Varies each image by one random affine map about its centre, in a single resampling.

    The ranges are largest relative changes; pixels from outside repeat the edge.
    """

    horizontal_flip: bool = False
    rotation_range: float = 0.0  # degrees, either way
    zoom_range: float = 0.0  # of the width and of the height, drawn separately
    shift_range: float = 0.0  # of the position across and down, drawn separately
    scale_range: float = 0.0  # of the width and the height together
    aspect_range: float = 0.0  # of the width to the height

    def augment(self, images, random):
        """Return (N, height, width) uint8 images varied by a numpy.random.Generator."""
        height, width = images.shape[1:]
        matrices = self.matrices(len(images), width, height, random)
        augmented = np.empty_like(images)
        for image, matrix, output in zip(images, matrices, augmented):
            cv2.warpAffine(image, matrix, (width, height), dst=output,
                           flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                           borderMode=cv2.BORDER_REPLICATE)
        return augmented

    def matrices(self, count, width, height, random):
        """Return `count` random maps (count, 2, 3) float64 from output to input pixels."""
        angle = np.radians(random.uniform(-self.rotation_range, self.rotation_range, count))
        zoom = random.uniform(1 - self.zoom_range, 1 + self.zoom_range, (2, count))
        shift = random.uniform(-self.shift_range, self.shift_range, (2, count))
        if self.horizontal_flip:
            zoom[0] *= random.choice((-1.0, 1.0), count)
        zoom *= random.uniform(1 - self.scale_range, 1 + self.scale_range, count)
        aspect = np.sqrt(random.uniform(1 - self.aspect_range, 1 + self.aspect_range, count))
        zoom *= (aspect, 1 / aspect)
        matrices = np.empty((count, 2, 3))
        matrices[:, 0, 0] = np.cos(angle) * zoom[0]
        matrices[:, 0, 1] = -np.sin(angle) * zoom[1]
        matrices[:, 1, 0] = np.sin(angle) * zoom[0]
        matrices[:, 1, 1] = np.cos(angle) * zoom[1]
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        offset = shift.T * (width, height)
        matrices[:, :, 2] = centre + offset - matrices[:, :, :2] @ centre
        return matrices
