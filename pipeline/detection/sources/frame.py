"""A frame of a video, or a picture."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Frame:
    """A frame: image (height, width, 3) uint8 BGR, index from 0, time in seconds, file name."""

    image: np.ndarray
    index: int
    seconds: float
    name: str
