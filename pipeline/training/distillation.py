"""Labels that other networks have a say in."""

import numpy as np

from pipeline.evaluation.testtimeaugmentation import predict, require_numbers
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator


def teach(dataset, teachers, weight, **feed):
    """Mix the targets of a dataset with what teachers see in its images (Hinton et al., 2015).

    They become (1 - weight) * targets + weight * the mean of the teachers' probabilities for an
    image and its mirror image. dataset: HDF5DatasetGenerator. teachers: paths of model files.
    feed: HDF5DatasetGenerator's arguments, for the images as they stand in the database. Raises
    UserError if a teacher is damaged, knows other classes or gives no numbers.
    """
    probabilities = np.zeros_like(dataset.targets)
    with HDF5DatasetGenerator(dataset.path, **feed) as plain:
        for path in teachers:
            model, record = checkpoint.load(path)
            checkpoint.require_classes(record, path, dataset.class_names, dataset.path)
            dataset.require_images_of(*model.input_shape[1:3])
            of_teacher = predict(model, plain, "flip")
            require_numbers(of_teacher, path)
            probabilities += of_teacher / np.float32(len(teachers))
    dataset.targets = (np.float32(1 - weight) * dataset.targets
                       + np.float32(weight) * probabilities)
