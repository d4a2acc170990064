"""The training recipes as data: each is a short difference from the one before it.

The first six reproduce the original system's experiments. The docstring under each gives the
original's accuracy after its last epoch on PrivateTest, which the original validated on. The
others go beyond it.
"""

import ast
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path


@dataclass(frozen=True)
class Experiment:
    """One recipe for training a network.

    What is not explained here is an argument of EmotionVGGNet.build, or of a class in
    pipeline/preprocessing. Other networks are built with their options alone.
    """

    optimizer: str
    learning_rates: tuple[tuple[int, float], ...]  # (first epoch, rate), rising, epochs from 1
    epochs: int
    architecture: str = "emotionvggnet.EmotionVGGNet"  # module.Class in pipeline/nn/conv/
    options: dict = field(default_factory=dict)  # further arguments of the network's build()
    ferplus_share: float | None = None  # of the database, if it must have FER+'s votes
    classes: int | None = None  # of the database, if it must have so many
    pretrained: bool = False  # start from a trained network, and keep its architecture
    frozen_blocks: int = 0  # the first blocks of that network, which stay as they are
    batch_size: int | None = None  # where it is not emotion_config's; see docs/scaling.md
    cosine: bool = False  # the rate is a peak, left for 0 along half a cosine
    warmup_epochs: int = 0  # of the climb to that peak
    label_smoothing: float = 0.0
    distillation: float = 0.0  # weight of the teachers' probabilities in the labels
    ema_momentum: float | None = None  # of the averaged weights, which are validated and kept
    activation: str = "relu"
    kernel_initializer: str = "glorot_uniform"
    normalization_first: bool = False
    blocks: int = 3
    filters: int = 32
    global_pooling: bool = False
    fc_units: tuple[int, ...] = (64, 64)
    block_dropout: float | tuple[float, ...] = 0.25
    fc_dropout: float = 0.5
    standardization: tuple[float, float] | None = None
    l2: float = 0.0
    horizontal_flip: bool = True
    rotation_range: float = 0.0
    zoom_range: float = 0.0
    scale_range: float = 0.0
    aspect_range: float = 0.0
    shift_range: float = 0.0
    contrast_range: float = 0.0
    brightness_range: float = 0.0
    gamma_range: tuple[float, float] = (1.0, 1.0)
    erasing_probability: float = 0.0
    erasing_area_range: tuple[float, float] = (0.0, 0.0)
    mixup_alpha: float = 0.0
    epochs_without_mixup: int = 15  # at the end

    def learning_rate(self, epoch):
        """Return the learning rate of an epoch, counted from 1."""
        return [rate for first, rate in self.learning_rates if first <= epoch][-1]


SGD_BASELINE = Experiment(optimizer="sgd", epochs=60,
                          learning_rates=((1, 1e-2), (21, 1e-3), (41, 1e-4)))
"""SGD with Nesterov momentum 0.9, mirrored images. The original: 63.51 %."""

ADAM = replace(SGD_BASELINE, optimizer="adam", epochs=55,
               learning_rates=((1, 1e-3), (41, 1e-4)))
"""Adam in place of SGD. The original: 66.85 %."""

AUGMENTED = replace(ADAM, rotation_range=10.0, zoom_range=0.1, epochs=75,
                    learning_rates=((1, 1e-3), (41, 1e-4), (61, 1e-5)))
"""Rotation and zoom as well. The original: 67.55 %."""

ELU_HE = replace(AUGMENTED, activation="elu", kernel_initializer="he_normal")
"""ELU and He's initialization. The original: 68.45 %."""

DEEPER = replace(ELU_HE, blocks=4, l2=1e-4)
"""A block of 256 filters and a little weight decay. The original: 69.71 %."""

MORE_DECAY = replace(DEEPER, l2=5e-4)
"""More weight decay. The original: 69.83 %, and 68.72 % on PublicTest."""

BETTER_TRAINED = replace(
    MORE_DECAY, optimizer="sgd", learning_rates=((1, 5e-2),), epochs=300,
    cosine=True, warmup_epochs=5, ema_momentum=0.999,
    l2=2.5e-4, label_smoothing=0.1, block_dropout=(0.1, 0.15, 0.2, 0.25), fc_dropout=0.4,
    standardization=(0.506, 0.255),  # of FER2013's training images
    rotation_range=15.0, zoom_range=0.0, scale_range=0.15, aspect_range=0.05, shift_range=0.1,
    contrast_range=0.25, brightness_range=0.25, gamma_range=(0.7, 1.4),
    erasing_probability=0.5, erasing_area_range=(0.02, 0.15), mixup_alpha=0.2)
"""The same network, trained better. Expected on PrivateTest, test-time averaged: 71.5 %."""

WIDER = replace(BETTER_TRAINED, activation="relu", normalization_first=True, filters=48,
                global_pooling=True, fc_units=(128,))
"""A wider network, 2,691,670 parameters. Expected, as above: 73 %."""

SHORTER = replace(BETTER_TRAINED, epochs=75)
"""Experiment 7 for a CPU. Expected, as above: 70.5 to 71.3 %."""

WITHOUT_MIXING = replace(SHORTER, erasing_probability=0.0, mixup_alpha=0.0)
"""Experiment 13 without random erasing and mixup, to see what they give in 75 epochs."""

DISTILLED = replace(WITHOUT_MIXING, distillation=0.7, label_smoothing=0.0)
"""Experiment 9 with labels that networks 13 and 9 have a say in, which are smooth already."""

LONGER = replace(BETTER_TRAINED, epochs=170)
"""Experiment 7 for as long as fits into three hours on two CPU cores."""

# Experiment 13 with one ingredient less each.
WITHOUT_MIXUP = replace(SHORTER, mixup_alpha=0.0)
WITHOUT_ERASING = replace(SHORTER, erasing_probability=0.0)
WITHOUT_TONES = replace(SHORTER, contrast_range=0.0, brightness_range=0.0, gamma_range=(1.0, 1.0))
WITHOUT_GEOMETRY = replace(SHORTER, rotation_range=0.0, scale_range=0.0, aspect_range=0.0,
                           shift_range=0.0)

RETRAINED_ON_HALF_VOTES = replace(
    WIDER, ferplus_share=0.5, classes=6, pretrained=True, learning_rates=((1, 2e-2),), epochs=12,
    warmup_epochs=1, epochs_without_mixup=0)
"""From network 8's weights, on half of FER2013's label, half of FER+'s votes."""

RETRAINED_ON_VOTES = replace(RETRAINED_ON_HALF_VOTES, ferplus_share=1.0)
"""The same on the votes alone."""

RETRAINED_LONGER = replace(RETRAINED_ON_HALF_VOTES, epochs=32)
"""Experiment 25 once more and longer, from the weights that it ended with."""

RETRAINED_ON_MORE_VOTES = replace(RETRAINED_ON_HALF_VOTES, ferplus_share=0.75)
"""On three quarters of the votes, from the weights of 27."""

MINI_XCEPTION = replace(WIDER, architecture="minixception.MiniXception", epochs=110,
                        options={"l2": 1e-4, "standardization": (0.506, 0.255)})
"""mini-XCEPTION, 57,270 parameters, trained as experiment 8. The fer package's weights: 66 %."""

MINI_XCEPTION_DISTILLED = replace(
    MINI_XCEPTION, distillation=0.7, label_smoothing=0.0, mixup_alpha=0.0, epochs=70,
    erasing_probability=0.0, rotation_range=10.0, scale_range=0.1, shift_range=0.05)
"""Experiment 29 varied less, with labels that network 8 has a say in. Goal on PublicTest: 69 %."""

FINE_TUNING = replace(
    WIDER, pretrained=True, frozen_blocks=2, learning_rates=((1, 1e-3),), batch_size=32, epochs=15,
    warmup_epochs=1, ema_momentum=None, epochs_without_mixup=0)
"""For a set of one's own, from a network that knows faces already; chosen in docs/datasets.md."""

EXPERIMENTS = {
    1: SGD_BASELINE,
    2: ADAM,
    3: AUGMENTED,
    4: ELU_HE,
    5: DEEPER,
    6: MORE_DECAY,
    7: BETTER_TRAINED,
    8: WIDER,
    9: WITHOUT_MIXING,
    10: DISTILLED,
    12: LONGER,
    13: SHORTER,
    14: WITHOUT_MIXUP,
    15: WITHOUT_ERASING,
    16: WITHOUT_TONES,
    20: WITHOUT_GEOMETRY,
    25: RETRAINED_ON_HALF_VOTES,
    26: RETRAINED_ON_VOTES,
    27: RETRAINED_LONGER,
    28: RETRAINED_ON_MORE_VOTES,
    29: MINI_XCEPTION,
    30: MINI_XCEPTION_DISTILLED,
    "fine-tune": FINE_TUNING,
}
DEFAULT_EXPERIMENT = 6


def descriptions():
    """Return {experiment: the line under its recipe in this file, or the recipe's name}."""
    said = {before.targets[0].id: statement.value.value.partition("\n")[0]
            for before, statement in pairwise(ast.parse(Path(__file__).read_text()).body)
            if isinstance(before, ast.Assign) and isinstance(statement, ast.Expr)}
    recipes = {id(recipe): said.get(name, name) for name, recipe in globals().items()
               if isinstance(recipe, Experiment)}
    return {number: recipes.get(id(recipe), "") for number, recipe in EXPERIMENTS.items()}
