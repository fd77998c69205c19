"""Networks of signals: the baselines' size, and what their encoding can tell apart."""

import math

import numpy as np
import pytest

from sdf_siren.fitting.signal_network import octaves_for, signal_network
from sdf_siren.fitting.signal_settings import NETWORKS, resolve_signal_settings
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
