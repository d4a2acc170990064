import math
from dataclasses import replace

import pytest

from config.experiments import EXPERIMENTS
from pipeline.training.network import learning_rate_schedule


def test_a_recipe_in_steps_keeps_its_steps():
    rate = learning_rate_schedule(EXPERIMENTS[6], 75)
    assert [rate(epoch) for epoch in (0, 39, 40, 59, 60)] == [1e-3, 1e-3, 1e-4, 1e-4, 1e-5]


def test_a_warm_up_climbs_to_the_peak_and_a_cosine_leads_to_nothing():
    rate = learning_rate_schedule(EXPERIMENTS[7], 75)
    rates = [rate(epoch) for epoch in range(75)]
    assert rates[:6] == pytest.approx([0.05 * epoch / 6 for epoch in range(1, 7)])
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[40] == pytest.approx(0.025)
    assert rates[74] == pytest.approx(0.05 * (1 + math.cos(math.pi * 69 / 70)) / 2, abs=1e-7)


def test_without_warm_up_the_first_epoch_has_the_peak():
    rate = learning_rate_schedule(replace(EXPERIMENTS[7], warmup_epochs=0), 75)
    assert rate(0) == pytest.approx(0.05)
