"""Chooses what finds faces: YuNet or the cascades, for videos or for pictures."""

from pathlib import Path

from pipeline.detection.faces.facedetector import FaceDetector, PictureFaceDetector
from pipeline.detection.faces.yunetdetector import YuNetDetector


def new_face_detector(yunet, cascade, shipped, *, pictures, full_scan_every=0.5, **sizes):
    """Return a YuNetDetector if the path of a YuNet is given, else a detector with a cascade.

    cascade: path of a cascade, by default the one that ships, whose path is `shipped`. A second
    cascade helps that one in pictures and with small faces. pictures: whether each frame is a
    picture by itself. full_scan_every, sizes (width and min_face): as FaceDetector's. Raises
    UserError if a file is not what it should be.
    """
    if yunet:
        return YuNetDetector(yunet, **sizes, pictures=pictures)
    cascade = Path(cascade or shipped)
    ships = cascade.samefile(shipped)
    if pictures and ships:
        return PictureFaceDetector(cascade, **sizes)
    adapts = ships and full_scan_every > 0 and not sizes.get("width")
    closer = PictureFaceDetector(cascade, min_face=sizes.get("min_face")) if adapts else None
    return FaceDetector(cascade, **sizes, pictures=pictures, full_scan_every=full_scan_every,
                        closer=closer)
