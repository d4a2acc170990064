"""Build the HDF5 databases from fer2013.csv, another CSV file, or folders of pictures.

    python build_dataset.py
    python build_dataset.py --csv icml_face_data.csv --classes 7 --output datasets/seven
    python build_dataset.py --ferplus fer2013new.csv --output datasets/votes
    python build_dataset.py --images my_faces --find-faces --output datasets/mine

Writes train.hdf5 (Usage Training), val.hdf5 (PublicTest) and test.hdf5 (PrivateTest).
"""

import argparse
import os
import re
import shlex
from functools import cache, partial

from config import emotion_config as config
from pipeline.commandline import existing_file, new_folder, new_parser, path, share
from pipeline.errors import UserError
from pipeline.files.places import locked_folder, require_apart
from pipeline.files.wholefile import place_of, whole_file
from pipeline.io.facesamples import known_name
from pipeline.io.ferplus import labels_of_votes
from pipeline.process.ending import run
from pipeline.process.imports import prepare_opencv
from pipeline.process.terminal import notice, print_table, printable


def parse_args(argv=None):
    parser = new_parser(__doc__)
    source = parser.add_argument_group("input").add_mutually_exclusive_group()
    source.add_argument("--csv", type=path, default=config.CSV_PATH, metavar="FILE",
                        help="Kaggle's fer2013.csv or icml_face_data.csv, or one like them, with "
                             "numbers or words for emotions, with or without Usage; or such a "
                             "file as .gz (default: %(default)s)")
    source.add_argument("--images", type=path, metavar="FOLDER",
                        help="folder of pictures in folders named by their classes, which may be "
                             "in folders train, val and test")
    add_picture_flags(parser.add_argument_group("pictures"))
    add_label_flags(parser.add_argument_group("classes and labels"))
    written = parser.add_argument_group("output")
    written.add_argument("--only", choices=("test",),
                         help="write a database for testing alone")
    written.add_argument("--output", type=path, default=config.HDF5_PATH, metavar="FOLDER",
                         help="folder of the databases (default: %(default)s)")
    return parser.parse_args(argv)


def add_picture_flags(group):
    group.add_argument("--find-faces", action="store_true",
                       help="take the largest face of each picture, not the picture as it is")
    group.add_argument("--groups", type=pattern, metavar="REGEX",
                       help="finds the person in the name of a picture, such as '^(S\\d+)': "
                            "where splits are drawn, a person's pictures get the same")
    group.add_argument("--left-out", type=path, metavar="FILE",
                       help="write the paths of the pictures without a face to this file")


def add_label_flags(group):
    group.add_argument("--classes", type=int, choices=sorted(config.CLASS_NAMES),
                       help="6 counts disgust as angry, 8 has contempt (default: 6 if the classes "
                            "are FER2013's, else all that the data set has)")
    group.add_argument("--class-names", nargs="+", metavar="NAME",
                       help="names of the classes, in a CSV of the numbers from 0 on; images of "
                            "other classes are left out")
    group.add_argument("--ferplus", type=path, metavar="FILE",
                       help="votes of FER+ (fer2013new.csv), learned instead of the labels")
    group.add_argument("--ferplus-share", type=share, metavar="SHARE",
                       help="weight of the votes in the targets, 0 to 1; FER2013's labels have the "
                            "rest (default: 1.0)")


def pattern(text):
    """Return a regular expression, for argparse."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text}: no regular expression: {error}") from None


def main(argv=None):
    args = parse_args(argv)
    if not args.images:
        existing_file(args.csv, "CSV file", "get fer2013.csv as the README says")
    elif not args.images.is_dir():
        raise UserError(f"{args.images}: no such folder of pictures")
    if args.ferplus:
        existing_file(args.ferplus, "FER+ file", "it comes from the FER+ project")
    words = dict(config.EMOTION_WORDS)
    told = tuple(known_name(name, words) for name in args.class_names or ())
    require_flags_that_fit(args, told)
    read = [args.images or args.csv, args.ferplus, config.CASCADE_PATH, config.DETECTOR_PATH]
    written = [args.output / f"{split}.hdf5" for split in config.USAGES]
    if args.left_out:
        place_of(args.left_out)
        written.append(args.left_out)
    require_apart(filter(None, read), written)
    new_folder(args.output)
    prepare_opencv()
    build(args, written, told, words)


def require_flags_that_fit(args, told):
    """Raise UserError for flags that do not go together."""
    for flag, given, needed, there in (
        ("--find-faces", args.find_faces, "--images", args.images),
        ("--groups", args.groups, "--images", args.images),
        ("--left-out", args.left_out, "--find-faces", args.find_faces),
        ("--ferplus-share", args.ferplus_share is not None, "--ferplus", args.ferplus),
    ):
        if given and not there:
            raise UserError(f"{flag} needs {needed}; give that as well, or leave {flag} out")
    for flag, given, other, there in (
        ("--ferplus", args.ferplus, "--images", args.images),
        ("--ferplus", args.ferplus, "--class-names", told),
        ("--classes", args.classes, "--class-names", told),
    ):
        if given and there:
            raise UserError(f"{flag} and {other} do not go together; leave one of them out")
    if told and not 2 <= len(set(told)) == len(told):
        raise UserError(f"--class-names {' '.join(args.class_names)}: expected two different names "
                        f"or more, found {', '.join(told)}")


def build(args, written, told, words):
    """Write the databases, all or none, and print what they contain.

    written: paths. told: the names of --class-names. words: as known_name takes them.
    """
    from pipeline.io import facesamples
    from pipeline.io.hdf5datasetwriter import write_databases

    with locked_folder(args.output, "building"):
        source = source_of(args, told, words)
        if args.images:
            require_apart(source.pictures, written)
        samples = list(source)
        found = {sample.class_name
                 for sample in (source.pictures.values() if args.images else samples)}
        names = told or class_names_of(args, found, is_named=args.images or source.has_words)
        facesamples.require_names(source.path, names)
        attributes = {"classes": len(names), "class_names": names,
                      "source": printable(source.path.name), "source_sha256": source.sha256}
        labels = [facesamples.class_index(sample.class_name, names, config.COUNTS_AS)
                  for sample in samples]
        further = None
        if args.ferplus:
            weight = 1.0 if args.ferplus_share is None else args.ferplus_share
            attributes["ferplus_share"] = weight
            usages = [config.USAGES.get(sample.split) for sample in samples]
            labels, further = labels_of_votes(args.ferplus, names, weight, labels, usages)
        splits = (facesamples.splits_for_testing(samples, labels) if args.only else
                  facesamples.completed_splits(samples, labels, share=config.DRAWN_SHARE,
                                               seed=config.SEED))
        counts = facesamples.counts_of(labels, splits, names)
        require_images(args, source, names, counts, found)
        write_databases(args.output, samples, labels, splits, attributes, further)
    rows = [*zip(names, *counts.values()), ("all", *map(sum, counts.values()))]
    print_table(f"Rows written to {printable(args.output)}",
                ["class", *(f"{split}.hdf5" for split in counts)],
                [(name, *(f"{number:,}" for number in numbers)) for name, *numbers in rows])
    print_end(args, source, labels, counts)


def source_of(args, told, words):
    """Return the PictureSamples of the folder, or the RowSamples of the CSV file."""
    from pipeline.io.fer2013 import RowSamples
    from pipeline.io.picturesamples import PictureSamples

    if not args.images:
        return RowSamples(args.csv, config.IMAGE_SIZE, words=words,
                          numbered=told or config.CLASS_NAMES[8 if args.classes == 8 else 7],
                          splits=config.SPLITS | config.OTHER_USAGES,
                          whole=() if args.only else config.SPLITS)
    find_face = partial(largest_face, yunet_path=config.DETECTOR_PATH) if args.find_faces else None
    return PictureSamples(args.images, config.IMAGE_SIZE, words=words, groups=args.groups,
                          split_folders=config.SPLIT_FOLDERS, find_face=find_face)


@cache
def face_detector(yunet_path):
    """Return YuNet, or the cascades if its path is None; each process makes its own."""
    from pipeline.detection.faces.facedetector import new_face_detector

    return new_face_detector(yunet_path, None, config.CASCADE_PATH, pictures=True)


def largest_face(image, yunet_path):
    """Return the box of a picture's largest face, or None; image: (height, width, 3) uint8 BGR."""
    import cv2

    detector = face_detector(yunet_path)
    if not detector.takes_color:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    boxes = detector.detect(image)
    return tuple(map(int, boxes[0])) if len(boxes) else None


def class_names_of(args, found, is_named):
    """Return the names of the classes: those of FER2013, or all that were found.

    is_named: whether the source has names of classes, not numbers.
    """
    if args.classes or not is_named or found == set(config.CLASS_NAMES[7]):
        return config.CLASS_NAMES[args.classes or config.DEFAULT_CLASSES]
    usual = config.CLASS_NAMES[8]
    return (*(name for name in usual if name in found), *sorted(found - set(usual)))


def require_images(args, source, names, counts, found):
    """Raise UserError if a split has no image, or a class none to train on.

    found: the names of all classes in the source. If nothing but the numbers of a CSV says that
    the classes are those of FER2013, a class without images is only a notice.
    """
    if not counts:
        raise UserError(f"{source.path}: no image of {', '.join(names)}, found "
                        f"{', '.join(sorted(found)) or 'none at all'}; give other --class-names"
                        + ", or leave out --find-faces" * args.find_faces)
    for split in () if args.only else config.USAGES:
        if split not in counts:
            raise UserError(f"{source.path}: no image for {split}.hdf5: none is given, or there "
                            "are too few different ones, or groups of them, to draw a tenth of a "
                            "class from; add some, or give --only test")
    lacking = [name for name, number in zip(names, counts.get("train", ())) if not number]
    if lacking and not args.ferplus:
        line = (f"{source.path}: no image of {', '.join(lacking)} in the training split; add some, "
                "or name the classes with --class-names")
        if args.images or source.has_words or args.classes or args.class_names:
            raise UserError(line)
        notice(line)


def print_end(args, source, labels, splits):
    """Print what was left out and written, and the next command; write the list of --left-out."""
    others = labels.count(None)
    if args.ferplus:
        print(f"left out: {others:,} rows in which people see no face or none of the classes")
    elif others:
        print(f"left out: {others:,} images of other classes")
    if args.find_faces:
        print(f"left out: {len(source.without_face):,} pictures without a face")
    written = [args.output / f"{split}.hdf5" for split in splits]
    if args.left_out:
        written.append(args.left_out)
        with whole_file(args.left_out) as file:
            file.write_bytes(b"".join(os.fsencode(path) + b"\n" for path in source.without_face))
    print("written:", *map(printable, written))
    script = "test_recognizer.py" if args.only else "train_recognizer.py"
    print(f"next: python {script} --dataset {shlex.quote(printable(args.output))}")


if __name__ == "__main__":
    run(main)
