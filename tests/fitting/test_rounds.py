"""Which rounds a fit is trained in."""

import math

import numpy as np
import pytest

from sdf_siren.fitting.rounds import GENTLER, HARMLESS_SIGHTS, MOST_ROUNDS, SLOWER, Round, planned_rounds
from sdf_siren.fitting.signal_settings import resolve_signal_settings
from sdf_siren.signals import IMAGE, Signal

SIGNAL = Signal(np.random.default_rng(0).random((40, 50, 1)), IMAGE)


def plan(psnr=None, **options):
    return planned_rounds(resolve_signal_settings(SIGNAL, width=8, batch=1000, **options), SIGNAL, psnr)


def test_a_fit_of_values_is_one_round_and_with_decibels_to_reach_several():
    assert plan(steps=70, learning_rate=0.5) == [Round(70, 0.5)]
    more = plan(psnr=50.0, steps=70, learning_rate=0.5)
    assert [(r.steps, r.learning_rate) for r in more] == [(70 * 2**k, 0.5 / 2**k) for k in range(MOST_ROUNDS)]
    assert not any(r.anew for r in more)


def test_a_long_smooth_fit_is_tried_twice_as_long_and_with_slower_waves():
    first, second = plan(smooth=True, steps=600)
    assert first.anew
    assert second.anew
    assert (first.steps, second.steps) == (200, 400)
    assert (first.waves, second.waves) == (1.0, SLOWER)
    assert second.learning_rate == GENTLER * first.learning_rate
    first, second = plan(smooth=True, steps=300)  # too few for slower ones
    assert (first.waves, second.waves) == (1.0, 1.0)
    assert second.learning_rate == first.learning_rate


def test_a_short_smooth_fit_is_one_round():
    enough = math.floor(HARMLESS_SIGHTS * 40 * 50 / 1000)
    assert len(plan(smooth=True, steps=enough)) == 1
    assert len(plan(smooth=True, steps=enough + 1)) == 2


@pytest.mark.parametrize("options", [{"network": "relu"}, {"spectrum": 1.0}])
def test_only_waves_that_nobody_chose_are_slowed(options):
    assert {r.waves for r in plan(smooth=True, steps=600, **options)} == {1.0}
