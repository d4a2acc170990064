"""Bounding boxes: x, y, width, height in pixels."""


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
