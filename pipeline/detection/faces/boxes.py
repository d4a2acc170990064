"""Bounding boxes: x, y, width, height in pixels."""

import numpy as np

# Of two boxes that share more than this of the smaller one, both are of one face.
SAME_FACE = 0.5


def area(box):
    """Return width times height."""
    return box[2] * box[3]


def center(box):
    """Return the middle of a box, (x, y)."""
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])


def grown(box, factor):
    """Return a box made larger by a factor, about its centre."""
    x, y, width, height = box
    return (x - (factor - 1) / 2 * width, y - (factor - 1) / 2 * height,
            factor * width, factor * height)


def common_area(first, second):
    """Return the area that two boxes share."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0, width) * max(0, height)


def overlap(first, second):
    """Return the intersection over union of two boxes, 0-1."""
    common = common_area(first, second)
    return common / (area(first) + area(second) - common) if common else 0.0


def clipped(boxes, image):
    """Return boxes (N, 4) rounded and cut at the image's border, the largest first."""
    height, width = image.shape[:2]
    corners = np.rint(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1))
    corners = np.clip(corners, 0, (width, height, width, height)).astype(int)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    boxes = boxes[(boxes[:, 2] > 0) & (boxes[:, 3] > 0)]
    return boxes[np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable")]


def distinct(boxes):
    """Return those of boxes, the best first, that are of another face than each better one."""
    kept = []
    for box in boxes:
        if all(common_area(box, other) <= SAME_FACE * min(area(box), area(other))
               for other in kept):
            kept.append(box)
    return kept
