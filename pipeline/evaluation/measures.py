"""Measures of a network's predictions."""

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix, log_loss


def evaluate(labels, probabilities, class_names):
    """Return the measures of predictions as a dictionary for JSON.

    labels: (N,) class indices. probabilities: (N, classes). `accuracy_interval` is the 95 %
    interval of the accuracy (Wilson, 1927); `loss` the cross-entropy in nats, without weight
    decay; `macro_f1` the mean over the classes that have images; `calibration_error` the mean
    difference of confidence and accuracy, 0-1; `confusion_matrix` has a row for each true class.
    """
    indices = np.arange(len(class_names))
    predicted = probabilities.argmax(axis=1)
    report = classification_report(labels, predicted, labels=indices, output_dict=True,
                                   zero_division=0)
    rows = [report[str(index)] for index in indices]
    float64 = probabilities.astype(np.float64)
    return {
        **accuracy_on(np.full(len(labels), True), labels, predicted),
        "loss": float(log_loss(labels, float64 / float64.sum(axis=1, keepdims=True),
                               labels=indices)),
        "calibration_error": calibration_error(probabilities.max(axis=1), predicted == labels),
        "macro_f1": float(np.mean([row["f1-score"] for row in rows if row["support"]])),
        "per_class": {
            name: {"precision": row["precision"], "recall": row["recall"],
                   "f1": row["f1-score"], "images": int(row["support"])}
            for name, row in zip(class_names, rows)
        },
        "confusion_matrix": confusion_matrix(labels, predicted, labels=indices).tolist(),
    }


def wilson_interval(share, count, z=1.96):
    """Return [low, high], the Wilson interval of a share of count draws; z = 1.96 is 95 %."""
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2) / (1 + z**2 / count)
    return [float(centre - half), float(centre + half)]


def calibration_error(confidences, correct, bins=15):
    """Return the expected calibration error, 0-1: bins as in Guo et al., 2017.

    confidences: (N,) probabilities of the predicted classes. correct: (N,) bool.
    """
    number = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = np.bincount(number, weights=correct - confidences.astype(np.float64), minlength=bins)
    return float(np.abs(gaps).sum() / len(correct))


def accuracy_on(chosen, labels, predicted):
    """Return the accuracy on the images that are chosen, (N,) bool."""
    count = int(chosen.sum())
    if not count:
        return {"images": 0}
    accuracy = float(np.mean(predicted[chosen] == labels[chosen]))
    return {"images": count, "accuracy": accuracy,
            "accuracy_interval": wilson_interval(accuracy, count)}
