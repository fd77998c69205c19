"""Scores of a field: those of the pictures and maps that it is, and exact where it is exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sdf_siren.fields import SignalField, Siren, SirenShape, initialise
from sdf_siren.frames import GridFrame
from sdf_siren.metrics import likeness as likeness_module
from sdf_siren.metrics import signal_error
from sdf_siren.signals import AUDIO, IMAGE, VIDEO, SampleFormat, Signal
from sdf_siren.signals.fidelity import psnr, ssim

RNG = np.random.default_rng(0)


def fitted(shape, channels=1, seed=0):
    axes = {1: AUDIO, 2: IMAGE, 3: VIDEO}[len(shape)]
    network = initialise(SirenShape(len(shape), channels, 8, 1, 10.0), seed=seed)
    field = SignalField(network, GridFrame.fitting(shape), 0.0, 1.0, axes)
    return field, Signal(RNG.uniform(size=(*shape, channels)), axes, format=SampleFormat(bits=8))


def test_scores_of_an_image():
    field, signal = fitted((16, 18), 3)
    error, likeness = signal_error(field, signal)
    values = field.on_grid(signal.frame.axes())
    assert error.psnr == pytest.approx(psnr(values, signal.samples, 1.0), abs=1e-6)  # float32, another sweep
    assert error.ssim == pytest.approx(ssim(values, signal.samples, 1.0), abs=1e-6)
    assert error.psnr_up_to_constant >= error.psnr
    np.testing.assert_allclose(likeness.found.values, values, atol=1e-6)
    assert likeness.true is signal.samples
    assert (likeness.psnr, likeness.thinned) == (error.psnr, False)
    for value in vars(error).values():
        assert math.isfinite(value)


def test_derivatives_of_a_constant_have_no_score():
    field, signal = fitted((9, 9))
    error, _ = signal_error(field, signal.with_samples(np.full_like(signal.samples, 0.5)))
    assert math.isfinite(error.psnr)
    assert error.gradient_psnr is error.laplacian_psnr is None
    assert error.difference_psnr is error.second_difference_psnr is None


def test_of_one_cosine_all_is_exact():
    """A wave that is even about both borders is its own cosine interpolant, and one sine is it exactly."""
    n, k = 16, 3
    frame = GridFrame.fitting((n, n))
    wave = math.pi * k / n  # per sample along the rows
    shape = SirenShape(2, 1, 1, 0, 1.0)
    first = torch.tensor([[wave / frame.step[0], 0.0]], dtype=torch.float64)
    phase = torch.tensor([math.pi / 2 + wave * (n / 2)], dtype=torch.float64)
    network = Siren(
        shape, [first, torch.ones(1, 1, dtype=torch.float64)], [phase, torch.zeros(1, dtype=torch.float64)]
    )
    field = SignalField(network, frame, -1.0, 1.0)
    samples = np.cos(wave * (np.arange(n) + 0.5))[:, None] * np.ones((1, n))
    signal = Signal(samples[..., None], IMAGE, format=SampleFormat(-1.0, 1.0, 32, True))
    error, _ = signal_error(field, signal)
    for name in ("psnr", "gradient_psnr", "laplacian_psnr", "difference_psnr", "second_difference_psnr"):
        assert getattr(error, name) > 120, name


@pytest.mark.parametrize("shape", [(50,), (4, 6, 5)])
def test_sounds_and_videos(shape):
    field, signal = fitted(shape, 2)
    error, likeness = signal_error(field, signal)
    assert error.ssim is None
    assert error.gradient_psnr is None
    assert math.isfinite(error.difference_psnr)
    assert likeness.found.gradient is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2)])
def test_tiny_images(shape):
    error, _ = signal_error(*fitted(shape))
    assert math.isfinite(error.psnr)
    assert (error.difference_psnr is None) == (shape == (1, 1))
    assert error.second_difference_psnr is None


def test_pixels_that_are_no_squares_have_no_laplacian_score():
    _, signal = fitted((8, 8))
    stretched = Signal(signal.samples, IMAGE, (1.0, 1.5))
    field = SignalField(initialise(SirenShape(2, 1, 8, 1), seed=0), stretched.frame)
    error, _ = signal_error(field, stretched)
    assert error.laplacian_psnr is None
    assert math.isfinite(error.gradient_psnr)


def test_large_images_are_thinned(monkeypatch):
    monkeypatch.setattr(likeness_module, "MOST_DERIVED", 100)
    monkeypatch.setattr(likeness_module, "_SHOWN", 60)
    field, signal = fitted((16, 18))
    error, likeness = signal_error(field, signal)
    assert error.gradient_psnr is None
    assert error.difference_psnr is None
    assert (likeness.thinned, likeness.stride) == (True, 3)
    np.testing.assert_array_equal(likeness.true, signal.samples[::3, ::3])
    assert likeness.found.laplacian.shape == likeness.true.shape
    assert likeness.psnr == error.psnr
