"""A frame of a camera or video, or a picture."""

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np


@dataclass
class Frame:
    """A frame: image (height, width, 3) uint8 BGR, index from 0, file name.

    seconds: when it is shown, from the start. sound: SoundPackets that came before it.
    """

    image: np.ndarray
    index: int
    seconds: float
    name: str
    sound: list = field(default_factory=list)

    @cached_property
    def gray(self):
        """(height, width) uint8, for what is not drawn: ask for it before the image is drawn on."""
        return cv2.cvtColor(self.image, cv2.COLOR_BGR2GRAY)
