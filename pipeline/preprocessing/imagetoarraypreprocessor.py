"""Gray pixels to network input: the one place that training, testing and the detector use."""

import numpy as np


class ImageToArrayPreprocessor:
    """Adds the channel axis and rescales 0-255 to 0-1."""

    def preprocess(self, images):
        """Return (..., height, width) uint8 images as (..., height, width, 1) float32 in 0-1."""
        return np.multiply(images[..., np.newaxis], np.float32(1 / 255), dtype=np.float32)
