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
from pipeline.commandline import existing_file, existing_folder, new_folder, new_parser, path, share
from pipeline.ending import run
from pipeline.errors import UserError
from pipeline.files.places import locked_folder, require_apart
from pipeline.files.wholefile import place_of, whole_file
from pipeline.io.classnames import known_name, ordered_names
from pipeline.quietimports import prepare_opencv
from pipeline.terminal import notice, printable


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
    if args.images:
        existing_folder(args.images, "folder of pictures", "name the folder of the class folders")
    else:
        existing_file(args.csv, "CSV file", "get fer2013.csv as the README says")
    if args.ferplus:
        existing_file(args.ferplus, "FER+ file", "it comes from the FER+ project")
    words = dict(config.EMOTION_WORDS)
    told = tuple(known_name(name, words) for name in args.class_names or ())
    require_flags_that_fit(args, told)
    if args.ferplus_share is None:
        args.ferplus_share = 1.0
    faces = [config.CASCADE_PATH, config.DETECTOR_PATH]
    require_apart(filter(None, [args.images or args.csv, args.ferplus, *faces]), outputs_of(args))
    if args.left_out:
        place_of(args.left_out)
    new_folder(args.output)
    prepare_opencv()
    build(args, told, words)


def outputs_of(args):
    databases = [args.output / f"{split}.hdf5" for split in config.USAGES]
    return databases + [args.left_out] * bool(args.left_out)


def require_flags_that_fit(args, told):
    """Raise UserError for flags that do not go together."""
    pictures = {"--find-faces": args.find_faces, "--groups": args.groups,
                "--left-out": args.left_out}
    for flag, given in pictures.items():
        if given and not args.images:
            raise UserError(f"{flag} is for pictures; give --images FOLDER, or leave it out")
    if args.left_out and not args.find_faces:
        raise UserError("--left-out lists the pictures without a face; give --find-faces as well, "
                        "or leave it out")
    if args.ferplus_share is not None and not args.ferplus:
        raise UserError("--ferplus-share is of FER+'s votes; give --ferplus FILE, or leave it out")
    if args.ferplus and (args.images or args.class_names):
        raise UserError("--ferplus has votes on the rows of fer2013.csv; leave out "
                        + ("--images" if args.images else "--class-names"))
    if args.classes and args.class_names:
        raise UserError("--classes and --class-names both say which classes; leave out one")
    if args.class_names and (len(told) < 2 or len(set(told)) < len(told)):
        raise UserError(f"--class-names {' '.join(args.class_names)}: expected two different names "
                        f"or more, found {', '.join(told)}")


def build(args, told, words):
    """Write the databases, all or none, and print what they contain.

    told: the names of --class-names. words: as known_name takes them.
    """
    from pipeline.io import classnames, splitting
    from pipeline.io.hdf5datasetwriter import write_databases

    with locked_folder(args.output, "building"):
        source = pictures_of(args, words) if args.images else rows_of(args, told, words)
        samples = list(source)
        names = told or class_names_of(args, source, samples)
        classnames.require_names(source.path, names)
        attributes = {"classes": len(names), "class_names": names,
                      "source": printable(source.path.name), "source_sha256": source.sha256}
        labels = [classnames.class_index(sample.class_name, names, config.COUNTS_AS)
                  for sample in samples]
        values = None
        if args.ferplus:
            attributes["ferplus_share"] = args.ferplus_share
            labels, values = votes_of(args, names, labels, samples)
        if args.only:
            splits = splitting.splits_for_testing(samples, labels)
        else:
            source.require_splits()
            splits = splitting.completed_splits(samples, labels, share=config.DRAWN_SHARE,
                                                seed=config.SEED)
        counts = splitting.counts_of(labels, splits, names)
        classnames.require_samples(source.path, counts, names,
                                   {sample.class_name for sample in samples})
        if not args.only:
            splitting.require_all_splits(source.path, counts)
        require_trained_classes(args, source, classnames.lacking_in_train(counts, names))
        write_databases(args.output, samples, labels, splits, attributes, values)
    print_counts(counts, names, args.output)
    print_left_out(args, source, labels)
    print_end(args, counts)


def rows_of(args, told, words):
    """Return the RowSamples of the CSV file."""
    from pipeline.io.fer2013 import RowSamples

    numbered, remedy = config.CLASS_NAMES[8], ""
    if told:
        numbered, remedy = told, "; give --class-names a name for each number"
    elif args.classes != 8:
        numbered, remedy = config.CLASS_NAMES[7], (
            "; give --classes 8 if 7 is contempt, or --class-names for other classes")
    return RowSamples(args.csv, config.IMAGE_SIZE, numbered=numbered, remedy=remedy,
                      words=words, splits=config.SPLITS | config.OTHER_USAGES,
                      whole=config.SPLITS)


def pictures_of(args, words):
    """Return the PictureSamples of the folder."""
    from pipeline.files.folder import Skips
    from pipeline.io.picturesamples import PictureSamples

    pictures = PictureSamples(args.images, config.IMAGE_SIZE, Skips(), words=words,
                              split_folders=config.SPLIT_FOLDERS, groups=args.groups,
                              find_face=partial(largest_face, yunet_path=config.DETECTOR_PATH)
                              if args.find_faces else None)
    require_apart([picture.path for picture in pictures.pictures], outputs_of(args))
    if not args.only:
        pictures.require_training()
    return pictures


@cache
def face_detector(yunet_path):
    """Return YuNet if its file is in its place, else the cascades; each process makes its own."""
    from pipeline.detection.faces.facedetector import new_face_detector

    yunet = yunet_path if yunet_path.exists() else None
    return new_face_detector(yunet, None, config.CASCADE_PATH, pictures=True)


def largest_face(image, yunet_path):
    """Return the box of a picture's largest face, or None; image: (height, width, 3) uint8 BGR."""
    import cv2

    detector = face_detector(yunet_path)
    if not detector.takes_color:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    boxes = detector.detect(image)
    return tuple(map(int, boxes[0])) if len(boxes) else None


def class_names_of(args, source, samples):
    """Return the names of the classes: those of FER2013, or all that the source has."""
    found = (source.class_names if args.images
             else {sample.class_name for sample in samples})
    fer2013 = set(config.CLASS_NAMES[7])
    numbered = not args.images and not source.has_words
    if args.classes or numbered or found == fer2013:
        return config.CLASS_NAMES[args.classes or config.DEFAULT_CLASSES]
    return ordered_names(found, config.CLASS_NAMES[8])


def require_trained_classes(args, source, lacking):
    """Raise UserError if a class has no image for training.

    lacking: as lacking_in_train returns it. If nothing but the numbers of a CSV says that the
    classes are those of FER2013, this is only a notice.
    """
    if not lacking or args.ferplus:
        return
    line = f"{source.path}: {lacking}"
    if args.class_names:
        raise UserError(f"{line}, expected some in train; or leave it out of --class-names")
    if args.classes:
        raise UserError(f"{line}, expected some in train; or leave out --classes {args.classes}")
    if args.images or source.has_words:
        raise UserError(f"{line}, expected some in train; or say which classes there are with "
                        "--class-names")
    notice(f"{line} in train; if its numbers are other classes than FER2013's, name them with "
           "--class-names")


def votes_of(args, names, labels, samples):
    """Return the labels by FER+'s votes, and the targets and votes of each sample."""
    from pipeline.io.ferplus import labels_of_votes

    usages = [config.USAGES.get(sample.split) for sample in samples]
    return labels_of_votes(args.ferplus, names, args.ferplus_share, labels, usages)


def print_counts(counts, class_names, output):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table("class", *(f"{split}.hdf5" for split in counts),
                  title=Text(f"Rows written to {printable(output)}"))
    for column in table.columns[1:]:
        column.justify = "right"
    for name, *rows in zip(class_names, *counts.values()):
        table.add_row(escape(name), *(f"{number:,}" for number in rows))
    table.add_row("all", *(f"{rows.sum():,}" for rows in counts.values()))
    Console().print(table)


def print_left_out(args, source, labels):
    """Print how many images were left out, and why; write the list of --left-out."""
    others = labels.count(None)
    if args.ferplus:
        print(f"left out: {others:,} rows in which people see no face or none of the classes")
    elif others:
        print(f"left out: {others:,} images of other classes")
    if args.find_faces:
        print(f"left out: {len(source.without_face):,} pictures without a face")
    if args.left_out:
        with whole_file(args.left_out) as file:
            file.write_bytes(b"".join(os.fsencode(path) + b"\n" for path in source.without_face))


def print_end(args, counts):
    """Print the files that were written, and the command that uses them."""
    written = [args.output / f"{split}.hdf5" for split in counts]
    print("written:", *(printable(path) for path in [*written, args.left_out] if path))
    script = "test_recognizer.py" if args.only else "train_recognizer.py"
    print(f"next: python {script} --dataset {shlex.quote(printable(args.output))}")


if __name__ == "__main__":
    run(main)
