"""The first layer's frequencies are those of the signal."""

import math

import numpy as np
import pytest
import torch

from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting import spectrum
from sdf_siren.fitting.spectrum import FASTEST_SLOW, draw_first_layer, mean_spectrum, slow_first_layer
from sdf_siren.frames import GridFrame


def plane_wave(shape, frequency):
    """cos(2 pi f . p) at the samples p, frequency in periods per sample."""
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return np.cos(2 * np.pi * places @ np.array(frequency))[..., None]


def drawn(samples, spacing=None, width=40, exponent=2.0, seed=0):
    frame = GridFrame.fitting(samples.shape[:-1], spacing)
    network = initialise(SirenShape(len(frame.shape), 1, width, 1), seed=1, dtype=torch.float64)
    draw_first_layer(network, samples, frame, exponent, seed)
    per_sample = network.weights[0].numpy() * 30 * np.array(frame.step) / (2 * np.pi)
    return network, per_sample


@pytest.mark.parametrize(
    ("shape", "frequency"), [((256,), (0.11,)), ((96, 64), (0.2, -0.05)), ((24, 24, 24), (0.1, 0.2, 0.3))]
)
@pytest.mark.parametrize("uneven", [False, True])
def test_a_plane_wave_draws_its_own_frequency(shape, frequency, uneven):
    spacing = tuple(1.0 + k for k in range(len(shape))) if uneven else None
    _, found = drawn(plane_wave(shape, frequency), spacing, width=6, exponent=8.0)
    sign = np.sign(found @ np.array(frequency))[:, None]
    # The window's main lobe is two bins wide to either side, and half a bin is added at random.
    assert np.abs(found * sign - frequency).max() < 2.6 / min(shape)


def test_phases_are_spread_and_frequencies_differ():
    network, found = drawn(np.random.default_rng(0).random((64, 64, 3)))
    assert len(np.unique(found.round(6), axis=0)) == 40
    phases = network.biases[0] * 30
    assert phases.min() < -2
    assert phases.max() > 2
    assert phases.abs().max() <= math.pi


def test_the_same_seed_draws_the_same():
    samples = np.random.default_rng(0).random((20, 20, 1))
    assert np.array_equal(drawn(samples)[1], drawn(samples)[1])
    assert not np.array_equal(drawn(samples)[1], drawn(samples, seed=1)[1])


@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (30, 30)])
def test_a_constant_keeps_the_layer_as_it_was(shape):
    frame = GridFrame.fitting(shape)
    network = initialise(SirenShape(2, 1, 8, 1), seed=1)
    before = [p.clone() for p in network.parameters]
    draw_first_layer(network, np.full((*shape, 1), 0.3), frame, 1.0, 0)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters, strict=True))


def test_fewer_frequencies_than_units_are_drawn_again():
    _, found = drawn(np.random.default_rng(0).random((3, 3, 1)), width=64)
    assert found.shape == (64, 2)
    assert np.isfinite(found).all()


def test_large_signals_are_read_in_tiles(monkeypatch):
    wave = plane_wave((200, 130), (0.25, 0.1))
    monkeypatch.setattr(spectrum, "LARGEST_TILE", 40**2)
    magnitudes, (rows, columns) = mean_spectrum(wave)
    assert magnitudes.shape == (40, 40)
    peak = np.unravel_index(magnitudes.argmax(), magnitudes.shape)
    assert (abs(rows[peak[0]]), abs(columns[peak[1]])) == pytest.approx((0.25, 0.1))


@pytest.mark.parametrize(
    ("shape", "spacing"), [((500,), None), ((90, 40), None), ((20, 30, 40), (2.0, 1.0, 3.0))]
)
def test_a_slow_first_layer_is_as_slow_whatever_the_size(shape, spacing):
    frame = GridFrame.fitting(shape, spacing)
    network = initialise(SirenShape(len(shape), 1, 400, 1), seed=1, dtype=torch.float64)
    phases = network.biases[0].clone()
    slow_first_layer(network, frame)
    per_sample = network.weights[0].numpy() * 30 * np.array(frame.step) / (2 * np.pi)
    np.testing.assert_allclose(np.abs(per_sample).max(axis=0), FASTEST_SLOW, rtol=0.02)
    np.testing.assert_allclose(per_sample.mean(axis=0), 0, atol=0.1 * FASTEST_SLOW)
    assert torch.equal(network.biases[0], phases)
