"""Networks of signals: the baselines' size, and what their encoding can tell apart."""

import math

import numpy as np
import pytest
import torch

from sdf_siren.fitting.signal_network import FLOOR, LONG, POWER, octaves_for, signal_network, signal_trainer
from sdf_siren.fitting.signal_settings import NETWORKS, resolve_signal_settings
from sdf_siren.fitting.supervision import supervision_of
from sdf_siren.signals import IMAGE, Signal


def image(rows, columns):
    return Signal(np.random.default_rng(0).random((rows, columns, 1)), IMAGE)


@pytest.mark.parametrize(("side", "octaves"), [(1, 1), (2, 1), (64, 6), (100, 6), (512, 9), (5000, 10)])
def test_no_wave_of_an_encoding_is_shorter_than_two_samples(side, octaves):
    signal = image(side, 1)
    assert octaves_for(signal) == octaves
    highest = 2 ** (octaves - 1) * math.pi * signal.frame.step[0]  # radians per sample
    assert highest <= math.pi * 1.0001 or side == 1


def test_all_networks_have_about_as_many_parameters():
    signal = image(80, 60)
    counts = []
    for network in NETWORKS:
        settings = resolve_signal_settings(signal, network=network, width=64)
        counts.append(signal_network(settings, signal, 0).parameter_count)
    assert max(counts) < 1.05 * min(counts)


def last_rates(steps, **options):
    """The rates of a fit in the second half, as fractions of the peak."""
    signal = image(12, 10)
    settings = resolve_signal_settings(signal, width=8, depth=1, steps=steps, learning_rate=1.0, **options)
    supervision = supervision_of(signal, settings, torch.device("cpu"))
    loop = signal_trainer(signal_network(settings, signal, 0), supervision, signal, settings, 0)
    return np.array([loop._rate(step) for step in range(steps // 2, steps)])


def test_long_fits_of_values_spend_more_steps_at_small_rates():
    linear = 1 - (1 - FLOOR) * np.arange(LONG // 2, LONG) / LONG
    np.testing.assert_allclose(last_rates(LONG), linear**POWER)
    np.testing.assert_allclose(last_rates(LONG, value_weight=0.0, gradient_weight=1.0), linear)
    assert last_rates(LONG - 2, smooth=True)[-1] < last_rates(LONG - 2)[-1]
    short = last_rates(LONG - 2)
    np.testing.assert_allclose(np.diff(short), np.diff(short)[0])
