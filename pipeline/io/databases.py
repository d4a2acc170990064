"""Writes FaceSamples to the databases of their splits."""

from contextlib import ExitStack

import numpy as np

from pipeline.errors import UserError
from pipeline.files.filestogether import replaced_together
from pipeline.io.hdf5datasetwriter import HDF5DatasetWriter

MOST_CLASSES = 256  # that a byte tells apart
LONGEST_NAME = 64


def write_databases(folder, samples, labels, splits, attributes, values=None):
    """Write SPLIT.hdf5 for each split, all or none.

    labels, splits: (N,) of the samples; those without a split are left out. attributes: of every
    file's root. values: (N,) of dicts that HDF5DatasetWriter.add takes besides.
    """
    values = values or [{}] * len(samples)
    further = {name: np.shape(value) for name, value in values[0].items()}
    with replaced_together(folder) as together, ExitStack() as stack:
        writers = {
            split: stack.enter_context(HDF5DatasetWriter.create(
                folder / f"{split}.hdf5", samples.shape[0], attributes, further,
                together=together))
            for split in set(splits) - {None}
        }
        for image, label, split, more in zip(samples.images(), labels, splits, values):
            if split:
                writers[split].add(image, label, **more)


def counts_of(labels, splits, class_names):
    """Return {split: samples of each class, (classes,) int} for the splits that there are."""
    return {split: np.bincount([label for label, other in zip(labels, splits) if other == split],
                               minlength=len(class_names))
            for split in ("train", "val", "test") if split in splits}


def require_names(source, class_names):
    """Raise UserError if these cannot be the classes of a network."""
    if len(class_names) < 2:
        raise UserError(f"{source}: one class only, {', '.join(class_names)}; expected two or "
                        "more")
    if len(class_names) > MOST_CLASSES:
        raise UserError(f"{source}: {len(class_names)} classes, expected at most {MOST_CLASSES}")
    for name in class_names:
        if not (name.isprintable() and 0 < len(name) <= LONGEST_NAME):
            raise UserError(f"{source}: a class named {name!a}, expected 1 to "
                            f"{LONGEST_NAME} printable characters")


def require_samples(source, counts, class_names, found):
    """Raise UserError if there is no sample of the classes; found: those that there are."""
    if not counts:
        raise UserError(f"{source}: no image of {', '.join(class_names)}, found "
                        + (f"{', '.join(sorted(set(found)))}; leave out --classes, or say others "
                           "with --class-names" if found else "none at all"))


def require_all_splits(source, counts):
    """Raise UserError if a split has no sample."""
    for split in ("train", "val", "test"):
        if split not in counts:
            raise UserError(f"{source}: no image for {split}.hdf5: it has too few different "
                            "images, or too few groups of them, to draw a tenth of a class from; "
                            "add some, or say which are of which split")


def lacking_in_train(counts, class_names):
    """Return of which classes there is nothing to train on, as the start of a line, or None."""
    lacking = [index for index in range(len(class_names))
               if "train" in counts and not counts["train"][index]]
    for index in lacking:
        where = [split for split in counts if counts[split][index]]
        if where:
            return f"images of {class_names[index]} in {' and '.join(where)} alone"
    if lacking:
        return "no image of " + ", ".join(class_names[index] for index in lacking)
    return None
