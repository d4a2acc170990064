"""Writes what a table holds into a .json file beside it, as BIDS does for its tables."""

import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path

from pipeline import __version__
from pipeline.commandline import this_command
from pipeline.detection.outputs.emotiontable import EmotionTable
from pipeline.detection.outputs.formats import sidecar_of
from pipeline.errors import UserError
from pipeline.files.wholefile import whole_file
from pipeline.terminal import printable

# The first bytes of each sidecar: another program's .json is not overwritten.
START = b'{\n "table": '


@contextmanager
def table_with_sidecar(path, source, analyzer, statistics, skips, settings):
    """Yield an EmotionTable for `path`; its sidecar follows when the block ends, however that is.

    source: of the frames. statistics: FaceStatistics of them. skips: Skips of what is left out.
    settings: {name: value} of the run, beside those of the analyzer. Raises UserError if a file
    cannot be written, or the sidecar's belongs to another program.
    """
    sidecar = sidecar_of(path)
    if sidecar and sidecar.exists() and not sidecar.read_bytes().startswith(START):
        raise UserError(f"{sidecar}: is another program's, and would be overwritten; give the "
                        "table another name")
    columns = None
    try:
        with EmotionTable.create(path, analyzer.class_names, pictures=source.pictures) as table:
            columns = columns_of(table.columns, analyzer.settings)
            yield table
    finally:
        if sidecar and statistics.frames:
            described = {
                "table": path.name, "command": printable(this_command()), "version": __version__,
                "columns": columns, "source": source_of(source, statistics, skips),
                **analysis_of(analyzer, settings),
                "faces": [face_of(number, face, analyzer.class_names, source.pictures)
                          for number, face in sorted(statistics.faces.items())]}
            with whole_file(sidecar) as partial:
                partial.write_text(json.dumps(described, indent=1) + "\n")


def columns_of(names, settings):
    """Return {column: {"Description": ..., "Units": ...}}."""
    smoothing = settings["smoothing"]
    average = f"exponential average with a time constant of {smoothing} s" if smoothing else (
        "not smoothed")
    corner = ("of the box of the face, from the upper left corner of the frame, which is upright "
              "and has square pixels")
    described = {
        "file": ("path of the picture in its folder", None),
        "frame": ("number of the frame in its source, from 0", None),
        "seconds": ("time of the frame from the start of the source", "s"),
        "face": ("number of the face, from 1, the same while it is in sight; empty, as all that "
                 "follows, where no face was found", None),
        "x": (f"left edge {corner}", "pixel"),
        "y": (f"upper edge {corner}", "pixel"),
        "width": ("width of the box", "pixel"),
        "height": ("height of the box", "pixel"),
        "emotion": ("the emotion of the largest probability, or unsure if that is below "
                    f"{settings['least_confidence']}", None),
    }
    columns = {}
    for name in names:
        text, unit = described.get(name, (f"probability of {name}, 0 to 1; {average}", "1"))
        columns[name] = {"Description": text} | ({"Units": unit} if unit else {})
    return columns


def source_of(source, statistics, skips):
    """Return what is known of the frames and where they came from."""
    described = {"name": printable(source.name)}
    if os.path.isfile(source.name):
        described["bytes"] = os.path.getsize(source.name)
    described["width"], described["height"] = statistics.size
    if not source.pictures:
        described |= {"frames_per_second": round(float(source.rate), 3),
                      "seconds": round(statistics.duration, 3)}
    return described | {"frames": statistics.frames,
                        "frames_without_a_face": statistics.without_face,
                        "left_out": dict(skips.counts)}


def analysis_of(analyzer, settings):
    """Return the model, the face detector and the settings."""
    classifier, detector = analyzer.classifier, analyzer.detector
    return {
        "model": {**file_of(classifier.path), "precision": classifier.precision,
                  "looks": classifier.looks},
        "face_detector": {"name": detector.name, "files": list(map(file_of, detector.paths))},
        "settings": {**analyzer.settings, **settings}}


def face_of(number, face, class_names, pictures):
    """Return the sums of a face, a FaceSum."""
    described = {"face": number}
    if pictures:
        described["file"] = printable(face.name)
    else:
        described |= {"first_second": round(face.first, 3), "last_second": round(face.last, 3),
                      "seconds_in_sight": round(face.seconds, 3)}
    means = face.probabilities / face.frames
    return described | {
        "frames": face.frames,
        "mean_probability": {name: round(float(mean), 4)
                             for name, mean in zip(class_names, means)},
        "share_of_frames": {name: round(share, 4) for name, share in face.shares().items()},
    }


def file_of(path):
    """Return the name and the SHA-256 of a file."""
    content = Path(path).read_bytes()
    return {"file": printable(Path(path).name), "sha256": hashlib.sha256(content).hexdigest()}
