"""Build the HDF5 databases from fer2013.csv.

    python build_dataset.py
    python build_dataset.py --csv icml_face_data.csv --classes 7 --output datasets/seven
    python build_dataset.py --ferplus fer2013new.csv --output datasets/votes

Writes train.hdf5 (Usage Training), val.hdf5 (PublicTest) and test.hdf5 (PrivateTest).
"""

import argparse
from contextlib import ExitStack
from pathlib import Path

from config import emotion_config as config
from pipeline.commandline import existing_file, new_folder, share
from pipeline.ending import run
from pipeline.errors import UserError
from pipeline.terminal import printable


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_argument_group("what is read")
    source.add_argument("--csv", type=Path, default=config.CSV_PATH, metavar="FILE",
                        help="Kaggle's fer2013.csv or icml_face_data.csv, or either as .gz "
                             "(default: %(default)s)")
    source.add_argument("--classes", type=int, choices=sorted(config.CLASS_NAMES),
                        default=config.DEFAULT_CLASSES,
                        help="6 counts disgust as angry; 8 has contempt, which takes --ferplus "
                             "(default: %(default)s)")
    source.add_argument("--ferplus", type=Path, metavar="FILE",
                        help="FER+'s votes (fer2013new.csv), to be learned in place of the labels")
    source.add_argument("--ferplus-share", type=share, default=1.0, metavar="SHARE",
                        help="share of the votes in what is learned, 0 to 1; FER2013's labels "
                             "have the rest (default: %(default)s)")
    written = parser.add_argument_group("what is written")
    written.add_argument("--output", type=Path, default=config.HDF5_PATH, metavar="FOLDER",
                         help="folder of the databases (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    existing_file(args.csv, "CSV file", "get fer2013.csv as the README says")
    if args.ferplus:
        existing_file(args.ferplus, "FER+ file", "it comes from the FER+ project")
    elif args.classes == 8:
        raise UserError("FER2013 has no contempt, found --classes 8; give --ferplus as well, or "
                        "--classes 7")
    new_folder(args.output)
    counts, left_out = build(args)
    print_counts(counts, config.CLASS_NAMES[args.classes], args.output)
    if args.ferplus:
        print(f"left out: {left_out:,} rows in which people see no face or none of the classes")


def build(args):
    """Write the three databases, all or none.

    Returns {split: rows of each class} and the number of rows that FER+'s votes leave out.
    """
    import numpy as np

    from pipeline.io.fer2013 import FER2013Reader
    from pipeline.io.ferplus import FERPlusLabels
    from pipeline.io.filestogether import replaced_together
    from pipeline.io.hdf5datasetwriter import HDF5DatasetWriter
    from pipeline.io.locks import locked_folder
    from pipeline.progress import track_bytes

    names = config.CLASS_NAMES[args.classes]
    attributes = {"classes": args.classes, "class_names": names, "source": printable(args.csv.name)}
    further, votes = {}, None
    if args.ferplus:
        votes = FERPlusLabels(args.ferplus, names, args.ferplus_share)
        attributes["ferplus_share"] = args.ferplus_share
        further = {"targets": (args.classes,), "agreement": ()}
    counts = {split: np.zeros(args.classes, dtype=int) for split in config.SPLITS.values()}
    reader = FER2013Reader(args.csv, config.IMAGE_SIZE, config.SPLITS)
    with (locked_folder(args.output, "building"), replaced_together(args.output) as together,
          ExitStack() as stack):
        writers = {
            split: stack.enter_context(HDF5DatasetWriter.create(
                args.output / f"{split}.hdf5", config.IMAGE_SIZE, attributes, further,
                together=together))
            for split in counts
        }
        for label, pixels, usage in track_bytes(reader, args.csv, "building"):
            split = config.SPLITS[usage]
            labelled = config.LABEL_TO_CLASS[args.classes][label], {}
            if votes:
                labelled = votes.relabel(labelled[0], usage)
            if labelled:
                label, values = labelled
                writers[split].add(pixels, label, **values)
                counts[split][label] += 1
        if votes:
            votes.require_fit()
        for usage, split in config.SPLITS.items():
            if not counts[split].any():
                raise UserError(f"{args.csv}: no row with Usage {usage}, so {split}.hdf5 would "
                                "be empty; expected the whole fer2013.csv")
            writers[split].attributes["source_sha256"] = reader.sha256
    return counts, votes.left_out if votes else 0


def print_counts(counts, class_names, output):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    from pipeline.terminal import printable

    table = Table("split", *map(escape, class_names), "all",
                  title=Text(f"Rows written to {printable(output)}"))
    for column in table.columns[1:]:
        column.justify = "right"
    for split, rows in counts.items():
        table.add_row(f"{split}.hdf5", *(f"{n:,}" for n in rows), f"{rows.sum():,}")
    Console().print(table)


if __name__ == "__main__":
    run(main)
