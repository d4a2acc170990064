"""A video's sound, as it is encoded."""

from dataclasses import dataclass

import av


@dataclass
class SoundPacket:
    """An encoded piece of sound, and when it is heard: seconds on the clock of the frames."""

    packet: av.Packet
    seconds: float
