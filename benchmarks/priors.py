"""What networks gain by both sets of labels where the priors of their classes are shifted.

    python -m benchmarks.priors fer2013new.csv [checkpoints/model.hdf5 ...]

Adds one number to the log-probability of each class (logit adjustment, Menon et al., 2021), the
numbers with the highest mean of two macro F1s on PublicTest: by FER2013's labels, and by FER+'s
votes where more than half of them agree.
"""

import sys
from pathlib import Path

import numpy as np

from config import emotion_config as config
from pipeline.quietimports import import_keras

STEPS = (0.4, 0.2, 0.1, 0.05)
ROUNDS = 12  # with each step


def by_both(probabilities, shifts, labels, shares):
    """Return the measures of shifted probabilities by FER2013's labels and by the votes."""
    from pipeline.evaluation.measures import evaluate

    shifted = probabilities * np.exp(shifts)
    shifted /= shifted.sum(axis=1, keepdims=True)
    agreed = shares.max(axis=1) > 0.5
    names = config.CLASS_NAMES[6]
    return (evaluate(labels, shifted, names),
            evaluate(shares[agreed].argmax(axis=1), shifted[agreed], names))


def macro_f1(labels, predicted, classes):
    matrix = np.bincount(labels * classes + predicted, minlength=classes**2)
    matrix = matrix.reshape(classes, classes)
    return np.mean(2 * np.diag(matrix) / np.maximum(matrix.sum(axis=0) + matrix.sum(axis=1), 1))


def best_shifts(probabilities, labels, shares):
    """Return the shifts (classes,) that a climb from none ends at; their sum is 0."""
    logits = np.log(probabilities)
    agreed = shares.max(axis=1) > 0.5
    voted, classes = shares.argmax(axis=1), logits.shape[1]

    def mean(shifts):
        predicted = (logits + shifts).argmax(axis=1)
        return (macro_f1(labels, predicted, classes)
                + macro_f1(voted[agreed], predicted[agreed], classes)) / 2

    shifts = np.zeros(classes)
    for step in np.repeat(STEPS, ROUNDS):
        moves = [shifts + sign * step * np.eye(classes)[index]
                 for index in range(classes) for sign in (1, -1)]
        shifts = max([shifts, *moves], key=mean)
    return shifts - shifts.mean()


def main():
    import_keras()
    from pipeline.evaluation.testtimeaugmentation import predict
    from pipeline.io import checkpoint
    from pipeline.io.ferplus import read_ferplus
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    shares = read_ferplus(sys.argv[1], config.CLASS_NAMES[6])["PublicTest"]
    for path in map(Path, sys.argv[2:] or [config.MODEL_PATH]):
        with HDF5DatasetGenerator(config.HDF5_PATH / "val.hdf5", config.BATCH_SIZE,
                                  preprocessor=ImageToArrayPreprocessor()) as dataset:
            probabilities = predict(checkpoint.load(path)[0], dataset).astype(np.float64)
            labels = dataset.labels.astype(int)
        for way, shifts in (("as it is", np.zeros(probabilities.shape[1])),
                            ("shifted", best_shifts(probabilities, labels, shares))):
            results = by_both(probabilities, shifts, labels, shares)
            print(f"{path.name} {way}: accuracy / macro F1 "
                  + ", ".join(f"by {name} {result['accuracy']:.2%} / {result['macro_f1']:.2%}"
                              for name, result in zip(("FER2013", "votes"), results))
                  + f", mean of both F1 {np.mean([r['macro_f1'] for r in results]):.2%}")
        names = config.CLASS_NAMES[6]
        print("  shifts: " + ", ".join(f"{name} {shift:+.2f}"
                                       for name, shift in zip(names, shifts)))


if __name__ == "__main__":
    main()
