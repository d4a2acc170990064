"""The data of a training: databases that fit it, varied images, labels and weights."""

from dataclasses import fields

import numpy as np

from pipeline.errors import UserError
from pipeline.evaluation.testtimeaugmentation import predict, require_numbers
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.preprocessing.affineaugmentor import AffineAugmentor
from pipeline.preprocessing.pixelaugmentors import Mixup, PhotometricAugmentor, RandomErasing


def variations(recipe, epochs):
    """Return how a recipe varies the training images, as HDF5DatasetGenerator's arguments."""
    kinds = [AffineAugmentor, PhotometricAugmentor]
    if recipe.erasing_probability:
        kinds.append(RandomErasing)
    augmentors = [kind(**{field.name: getattr(recipe, field.name) for field in fields(kind)})
                  for kind in kinds]
    mixup = Mixup(alpha=recipe.mixup_alpha, last_epoch=epochs - recipe.epochs_without_mixup)
    return {"augmentors": [augmentor for augmentor in augmentors
                           if augmentor != type(augmentor)()],  # which would change nothing
            "mixup": mixup if recipe.mixup_alpha else None}


def require_fitting(recipe, experiment, training, validation, input_shape):
    """Raise UserError if two databases do not fit a recipe, or each other.

    training, validation: HDF5DatasetGenerators. input_shape: of the network.
    """
    for name in sorted(training.attributes.keys() | validation.attributes.keys()):
        found = [dataset.attributes.get(name) for dataset in (training, validation)]
        if found[0] != found[1]:
            raise UserError(f"{training.path} and {validation.path} are of two builds: {name} is "
                            f"{found[0]!r} in one and {found[1]!r} in the other; run "
                            "build_dataset.py again")
    for dataset in (training, validation):
        dataset.require_images_of(*input_shape[:2])
    for name, flags, found in (
            ("ferplus_share", "--ferplus FILE --ferplus-share", training.ferplus_share),
            ("classes", "--classes", len(training.class_names))):
        expected = getattr(recipe, name)
        if expected not in (None, found):
            raise UserError(f"{training.path}: has {name} {found}, experiment {experiment} "
                            f"expects {expected}; build it with {flags} {expected}")


def class_weights(dataset):
    """Return {class index: weight of its images}, in proportion to how rare a class is.

    All images together weigh as much as without.
    """
    counts = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    return {index: float(len(dataset.labels) / (np.count_nonzero(counts) * max(count, 1)))
            for index, count in enumerate(counts)}


def teach(dataset, teachers, weight):
    """Mix the targets of a dataset with what teachers see in its images (Hinton et al., 2015).

    They become (1 - weight) * targets + weight * the mean of the teachers' probabilities for an
    image and its mirror image. dataset: HDF5DatasetGenerator. teachers: paths of model files.
    Raises UserError if a teacher is damaged, knows other classes or gives no numbers.
    """
    probabilities = np.zeros_like(dataset.targets)
    with HDF5DatasetGenerator(dataset.path, dataset.batch_size) as plain:
        for path in teachers:
            model, record = checkpoint.load(path)
            checkpoint.require_classes(record, path, dataset.class_names, dataset.path)
            dataset.require_images_of(*model.input_shape[1:3])
            of_teacher = predict(model, plain, "flip")
            require_numbers(of_teacher, path)
            probabilities += of_teacher / np.float32(len(teachers))
    dataset.targets = (np.float32(1 - weight) * dataset.targets
                       + np.float32(weight) * probabilities)
