import dataclasses

import pytest

from config.experiments import EXPERIMENTS


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
    ("experiment", "changed"),
    [
        (2, {"optimizer", "learning_rates", "epochs"}),
        (3, {"rotation_range", "zoom_range", "learning_rates", "epochs"}),
        (4, {"activation", "kernel_initializer"}),
        (5, {"blocks", "l2"}),
        (6, {"l2"}),
        (8, {"activation", "normalization_first", "filters", "global_pooling", "fc_units"}),
    ],
)
def test_each_experiment_differs_from_the_one_before_as_told(experiment, changed):
    before = dataclasses.asdict(EXPERIMENTS[experiment - 1])
    after = dataclasses.asdict(EXPERIMENTS[experiment])
    assert {name for name in after if after[name] != before[name]} == changed


def test_the_ninth_is_the_seventh_without_mixing():
    ninth = dataclasses.replace(EXPERIMENTS[7], erasing_probability=0.0, mixup_alpha=0.0)
    assert EXPERIMENTS[9] == ninth
    assert not EXPERIMENTS[9].erasing


def test_the_seventh_is_the_network_of_the_sixth():
    kept = ("blocks", "filters", "activation", "kernel_initializer", "fc_units", "global_pooling",
            "normalization_first")
    sixth, seventh = EXPERIMENTS[6].network, EXPERIMENTS[7].network
    assert {name: sixth[name] for name in kept} == {name: seventh[name] for name in kept}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_first_six_use_nothing_of_what_came_later(experiment):
    recipe = EXPERIMENTS[experiment]
    later = (recipe.cosine, recipe.photometric, recipe.ema_momentum, recipe.label_smoothing,
             recipe.standardization)
    mixing = (recipe.erasing, recipe.mixup_alpha)
    assert all(later) if experiment > 6 else not any(later + mixing)
    assert all(mixing) == (experiment in (7, 8))


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        EXPERIMENTS[6].l2 = 0.0
