"""Bounding boxes: x, y, width, height in pixels."""

import numpy as np

SAME_FACE = 0.5  # boxes that share more than this of the smaller one are of one face


def common_area(first, second):
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0, width) * max(0, height)


def overlap(first, second):
    """Return the intersection over union of two boxes, 0-1."""
    common = common_area(first, second)
    return common / (first[2] * first[3] + second[2] * second[3] - common) if common else 0.0


def clipped(boxes, image):
    """Return boxes (N, 4) rounded and cut at the image's border, the largest first."""
    height, width = image.shape[:2]
    corners = np.rint(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1))
    corners = np.clip(corners, 0, (width, height, width, height)).astype(int)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    boxes = boxes[(boxes[:, 2] > 0) & (boxes[:, 3] > 0)]
    return boxes[np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable")]


def non_maximum_suppression(boxes):
    """Return boxes, the best first, without those that share SAME_FACE with a better one."""
    kept = []
    for box in boxes:
        if all(common_area(box, other) <= SAME_FACE * min(box[2] * box[3], other[2] * other[3])
               for other in kept):
            kept.append(box)
    return kept
