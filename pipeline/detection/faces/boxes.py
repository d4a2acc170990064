"""Bounding boxes: x, y, width, height in pixels."""

import numpy as np


def overlap(first, second):
    """Return the intersection over union of two boxes, 0-1."""
    x = max(first[0], second[0])
    y = max(first[1], second[1])
    width = min(first[0] + first[2], second[0] + second[2]) - x
    height = min(first[1] + first[3], second[1] + second[3]) - y
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (first[2] * first[3] + second[2] * second[3] - common)


def clipped(boxes, image):
    """Return boxes (N, 4) rounded and cut at the image's border, the largest first."""
    height, width = image.shape[:2]
    corners = np.rint(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1))
    corners = np.clip(corners, 0, (width, height, width, height)).astype(int)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    boxes = boxes[(boxes[:, 2] > 0) & (boxes[:, 3] > 0)]
    return boxes[np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable")]
