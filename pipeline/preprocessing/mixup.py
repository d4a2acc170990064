"""Mixes pairs of training samples."""

import numpy as np

SHARE = 0.5  # of the batches


class Mixup:
    """Replaces the samples of half of the batches by mixtures of two (Zhang et al., 2018).

    alpha: both parameters of the beta distribution that a batch's weight is drawn from.
    last_epoch: after it, counted from 1, samples stay as they are.
    """

    def __init__(self, *, alpha, last_epoch):
        self.alpha = alpha
        self.last_epoch = last_epoch

    def mix(self, images, labels, epoch, random):
        """Return (N, ...) float32 images and (N, classes) labels, mixed by a Generator."""
        if epoch > self.last_epoch or random.random() >= SHARE:
            return images, labels
        weight = np.float32(random.beta(self.alpha, self.alpha))
        partners = random.permutation(len(images))
        return (weight * images + (1 - weight) * images[partners],
                weight * labels + (1 - weight) * labels[partners])
