"""A frame of a camera or video, or a picture."""

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np


@dataclass
class SoundPacket:
    """An encoded piece of sound: an av.Packet, and when it is heard, on the clock of the frames."""

    packet: object
    seconds: float


@dataclass
class Frame:
    """A picture with its place in the source.

    image: (height, width, 3) uint8 BGR. index: from 0. seconds: when it is shown, from the start.
    name: of the video or picture. sound: the SoundPackets between the frame before and this one.
    is_cut: whether a new shot begins here; the analysis finds that.
    """

    image: np.ndarray
    index: int
    seconds: float
    name: str
    sound: list = field(default_factory=list)
    is_cut: bool = False

    @cached_property
    def gray(self):
        """(height, width) uint8. Read it before you draw on the image."""
        return cv2.cvtColor(self.image, cv2.COLOR_BGR2GRAY)
