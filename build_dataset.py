"""Build the HDF5 databases from fer2013.csv.

    python build_dataset.py
    python build_dataset.py --csv icml_face_data.csv --classes 7 --output datasets/seven

Writes train.hdf5 (Usage Training), val.hdf5 (PublicTest) and test.hdf5 (PrivateTest).
"""

import argparse
from contextlib import ExitStack
from pathlib import Path

from config import emotion_config as config
from pipeline.commandline import existing_file, new_folder
from pipeline.ending import run
from pipeline.errors import UserError


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
                        help="6 counts disgust as angry (default: %(default)s)")
    written = parser.add_argument_group("what is written")
    written.add_argument("--output", type=Path, default=config.HDF5_PATH, metavar="FOLDER",
                         help="folder of the databases (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    existing_file(args.csv, "CSV file", "get fer2013.csv as the README says")
    new_folder(args.output)
    counts = build(args.csv, args.output, args.classes)
    print_counts(counts, config.CLASS_NAMES[args.classes], args.output)


def build(csv_path, output, classes):
    """Write the three databases, all or none, and return {split: rows of each class}."""
    import numpy as np

    from pipeline.io.fer2013 import FER2013Reader
    from pipeline.io.folderlock import locked_folder
    from pipeline.io.hdf5datasetwriter import HDF5DatasetWriter
    from pipeline.progress import track_bytes

    names = config.CLASS_NAMES[classes]
    attributes = {"classes": classes, "class_names": names, "source": csv_path.name}
    counts = {split: np.zeros(classes, dtype=int) for split in config.SPLITS.values()}
    reader = FER2013Reader(csv_path, config.IMAGE_SIZE, config.SPLITS)
    with locked_folder(output, "building"), ExitStack() as stack:
        writers = {
            split: stack.enter_context(HDF5DatasetWriter.create(
                output / f"{split}.hdf5", config.IMAGE_SIZE, attributes))
            for split in counts
        }
        for label, pixels, usage in track_bytes(reader, csv_path, "building"):
            split = config.SPLITS[usage]
            label = config.LABEL_TO_CLASS[classes][label]
            writers[split].add(pixels, label)
            counts[split][label] += 1
        for usage, split in config.SPLITS.items():
            if not counts[split].any():
                raise UserError(f"{csv_path}: no row with Usage {usage}, so {split}.hdf5 would "
                                "be empty; expected the whole fer2013.csv")
            writers[split].attributes["source_sha256"] = reader.sha256
    return counts


def print_counts(counts, class_names, output):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("split", *map(escape, class_names), "all",
                  title=f"Rows written to {escape(str(output))}")
    for column in table.columns[1:]:
        column.justify = "right"
    for split, rows in counts.items():
        table.add_row(f"{split}.hdf5", *(f"{n:,}" for n in rows), f"{rows.sum():,}")
    Console().print(table)


if __name__ == "__main__":
    run(main)
