"""From a frame to its faces and their emotions."""

ROUNDING = 0.002  # seconds by which containers round the times of frames
