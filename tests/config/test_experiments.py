import dataclasses

import pytest

from config.experiments import EXPERIMENTS
from pipeline.preprocessing.pixelaugmentors import PhotometricAugmentor, RandomErasing
from pipeline.training.data import variations


@pytest.mark.parametrize(
    ("experiment", "epoch", "rate"),
    [
        (1, 1, 1e-2), (1, 20, 1e-2), (1, 21, 1e-3), (1, 40, 1e-3), (1, 41, 1e-4), (1, 60, 1e-4),
        (2, 40, 1e-3), (2, 41, 1e-4), (2, 55, 1e-4),
        (3, 60, 1e-4), (3, 61, 1e-5), (6, 40, 1e-3), (6, 75, 1e-5),
    ],
)  # fmt: skip
def test_learning_rate_of_an_epoch(experiment, epoch, rate):
    assert EXPERIMENTS[experiment].learning_rate(epoch) == rate


@pytest.mark.parametrize(
    ("experiment", "base", "changed"),
    [
        (2, 1, {"optimizer", "learning_rates", "epochs"}),
        (3, 2, {"rotation_range", "zoom_range", "learning_rates", "epochs"}),
        (4, 3, {"activation", "kernel_initializer"}),
        (5, 4, {"blocks", "l2"}),
        (6, 5, {"l2"}),
        (8, 7, {"activation", "normalization_first", "filters", "global_pooling", "fc_units"}),
        (9, 13, {"erasing_probability", "mixup_alpha"}),
        (10, 9, {"distillation", "label_smoothing"}),
        (12, 7, {"epochs"}),
        (13, 7, {"epochs"}),
        (14, 13, {"mixup_alpha"}),
        (15, 13, {"erasing_probability"}),
        (16, 13, {"contrast_range", "brightness_range", "gamma_range"}),
        (20, 13, {"rotation_range", "scale_range", "aspect_range", "shift_range"}),
        (25, 8, {"ferplus_share", "classes", "pretrained", "learning_rates", "epochs",
                 "warmup_epochs", "epochs_without_mixup"}),
        (26, 25, {"ferplus_share"}),
        (27, 25, {"epochs"}),
        ("fine-tune", 8, {"pretrained", "frozen_blocks", "learning_rates", "epochs", "batch_size",
                          "warmup_epochs", "ema_momentum", "epochs_without_mixup"}),
    ],
)
def test_each_experiment_differs_from_its_base_as_told(experiment, base, changed):
    before = dataclasses.asdict(EXPERIMENTS[base])
    after = dataclasses.asdict(EXPERIMENTS[experiment])
    assert {name for name in after if after[name] != before[name]} == changed


def test_the_seventh_is_the_network_of_the_sixth():
    kept = ("architecture", "options", "blocks", "filters", "activation", "kernel_initializer",
            "fc_units", "global_pooling", "normalization_first")
    sixth, seventh = (dataclasses.asdict(EXPERIMENTS[number]) for number in (6, 7))
    assert {name: sixth[name] for name in kept} == {name: seventh[name] for name in kept}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_first_six_use_nothing_of_what_came_later(experiment):
    recipe = EXPERIMENTS[experiment]
    later = (recipe.cosine, recipe.ema_momentum or recipe.pretrained, recipe.standardization,
             recipe.label_smoothing or recipe.distillation)
    assert not any(later) if experiment in range(1, 7) else all(later)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_first_six_and_some_later_ones_vary_images_less(experiment):
    recipe = EXPERIMENTS[experiment]
    first = set(range(1, 7))
    kinds = set(map(type, variations(recipe, 75)["augmentors"]))
    assert (PhotometricAugmentor in kinds) == (experiment not in first | {16})
    assert (RandomErasing in kinds) == (experiment not in first | {9, 10, 15, 30})
    assert bool(recipe.mixup_alpha) == (experiment not in first | {9, 10, 14, 30})


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        EXPERIMENTS[6].l2 = 0.0
