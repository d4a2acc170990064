"""The training recipes as data: each is a short difference from the one before it.

The six reproduce the original system's experiments. The docstring under each gives the
original's accuracy after its last epoch on PrivateTest, which the original validated on.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Experiment:
    """One recipe for training EmotionVGGNet.

    learning_rates: (first epoch, learning rate) pairs in rising order, epochs counted from 1.
    blocks: convolution blocks of 32, 64, 128, 256 filters, as many as given.
    l2: weight decay factor on every kernel.
    rotation_range: largest rotation either way, degrees.
    zoom_range: largest relative change of width and of height, drawn separately.
    """

    optimizer: str
    learning_rates: tuple[tuple[int, float], ...]
    epochs: int
    activation: str = "relu"
    kernel_initializer: str = "glorot_uniform"
    blocks: int = 3
    l2: float = 0.0
    horizontal_flip: bool = True
    rotation_range: float = 0.0
    zoom_range: float = 0.0

    def learning_rate(self, epoch):
        """Return the learning rate of an epoch, counted from 1."""
        return [rate for first, rate in self.learning_rates if first <= epoch][-1]

    @property
    def network(self):
        """The arguments of EmotionVGGNet.build that the recipe decides."""
        return {
            "blocks": self.blocks,
            "activation": self.activation,
            "kernel_initializer": self.kernel_initializer,
            "l2": self.l2,
        }

    @property
    def augmentation(self):
        """The arguments of AffineAugmentor."""
        return {
            "horizontal_flip": self.horizontal_flip,
            "rotation_range": self.rotation_range,
            "zoom_range": self.zoom_range,
        }


SGD_BASELINE = Experiment(
    optimizer="sgd",
    learning_rates=((1, 1e-2), (21, 1e-3), (41, 1e-4)),
    epochs=60,
)
"""SGD with Nesterov momentum 0.9, mirrored images. The original: 63.51 %."""

ADAM = replace(
    SGD_BASELINE,
    optimizer="adam",
    learning_rates=((1, 1e-3), (41, 1e-4)),
    epochs=55,
)
"""Adam in place of SGD. The original: 66.85 %."""

AUGMENTED = replace(
    ADAM,
    rotation_range=10.0,
    zoom_range=0.1,
    learning_rates=((1, 1e-3), (41, 1e-4), (61, 1e-5)),
    epochs=75,
)
"""Rotation and zoom as well. The original: 67.55 %."""

ELU_HE = replace(AUGMENTED, activation="elu", kernel_initializer="he_normal")
"""ELU and He's initialization. The original: 68.45 %."""

DEEPER = replace(ELU_HE, blocks=4, l2=1e-4)
"""A block of 256 filters and a little weight decay. The original: 69.71 %."""

MORE_DECAY = replace(DEEPER, l2=5e-4)
"""More weight decay. The original: 69.83 %, and 68.72 % on PublicTest."""

EXPERIMENTS = {
    1: SGD_BASELINE,
    2: ADAM,
    3: AUGMENTED,
    4: ELU_HE,
    5: DEEPER,
    6: MORE_DECAY,
}
DEFAULT_EXPERIMENT = 6
