"""Accuracy of the `fer` package's network on FER2013's faces, beside the network that ships.

    python -m benchmarks.accuracy

The package must be installed. Its network gets each face as the package itself hands faces to it:
64 x 64 pixels in -1 to 1. Of its seven classes disgust counts as angry, by the sum of the two
probabilities.
"""

import argparse
import sys

import cv2
import numpy as np

from config import emotion_config as config
from pipeline.process.ending import run
from pipeline.process.imports import import_keras

SPLITS = {"PublicTest": "val", "PrivateTest": "test"}


def fer_package():
    try:
        from fer.fer import FER
    except ImportError:
        sys.exit("the fer package is missing: pip install fer")

    detector = FER()
    seven = {name: number for number, name in detector._get_labels().items()}

    def probabilities(images):
        faces = np.stack([cv2.resize(image, (64, 64)) for image in images]).astype(np.float32)
        found = np.asarray(detector._classify_emotions((faces / 255 - 0.5) * 2))
        merged = found[:, [seven[name] for name in config.CLASS_NAMES[6]]]
        merged[:, 0] += found[:, seven["disgust"]]
        return merged

    return probabilities


def network_that_ships():
    from pipeline.io import checkpoint
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    model, _ = checkpoint.load(config.MODEL_PATH)
    preprocessor = ImageToArrayPreprocessor()
    return lambda images: model.predict(preprocessor.preprocess(images), verbose=0)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(argv)
    import_keras()
    from pipeline.evaluation.measures import evaluate
    from pipeline.io.hdf5datasetgenerator import read_database

    ways = {"fer package": fer_package(), "network that ships": network_that_ships()}
    for split, name in SPLITS.items():
        arrays, _ = read_database(config.HDF5_PATH / f"{name}.hdf5")
        images, labels = arrays["images"], arrays["labels"]
        for way, probabilities in ways.items():
            result = evaluate(labels, probabilities(images), config.CLASS_NAMES[6])
            print(f"{split}, {way}: accuracy {result['accuracy']:.2%}, "
                  f"macro F1 {result['macro_f1']:.2%}, {result['images']:,} images")


if __name__ == "__main__":
    run(main)
