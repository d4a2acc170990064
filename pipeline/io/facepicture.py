"""Makes of a picture the gray square that a network takes."""

import cv2

from pipeline.errors import UserError
from pipeline.io.picturefile import read_picture


class NoFace(Exception):
    """A picture in which no face was found."""


def read_face(path, size, find_face=None):
    """Return (size, size) uint8 of a picture, or the UserError or NoFace that it ends in.

    find_face: a function of the picture (height, width, 3) uint8 BGR, to its largest face's box
    (x, y, width, height), or None if there is none. Without it the picture is a face as it is.
    """
    try:
        image, breaks_off = read_picture(path)
    except UserError as error:
        return error
    if breaks_off:
        return UserError(f"{path}: breaks off")
    if find_face:
        box = find_face(image)
        if box is None:
            return NoFace(path)
        x, y, width, height = box
        image = image[y:y + height, x:x + width]
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if gray.shape == (size, size):
        return gray
    return cv2.resize(gray, (size, size), interpolation=cv2.INTER_AREA)
