"""The cosine interpolant: exact derivatives of sums of cosines, evaluated elsewhere, and where it ripples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren.errors import UsageError
from sdf_siren.frames import GridFrame
from sdf_siren.signals.spectral import gradient, laplacian, resampled

shapes = st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)


class Cosines:
    """``sum a_k prod_m cos(pi k_m (p_m + 1/2) / n_m)`` of random coefficients, evaluated term by term."""

    def __init__(self, shape, channels=2, seed=0):
        self.shape = shape
        self.a = np.random.default_rng(seed).standard_normal((*shape, channels))

    def __call__(self, axes, derivatives=None):
        u = self.a
        for axis, (n, p) in enumerate(zip(self.shape, axes, strict=True)):
            w = np.pi * np.arange(n) / n
            order = (derivatives or {}).get(axis, 0)
            phase = w * (np.asarray(p)[:, None] + 0.5) + order * np.pi / 2
            basis = np.cos(phase) * w**order
            u = np.moveaxis(np.tensordot(basis, u, (1, axis)), 0, axis)
        return u


@given(shape=shapes)
@settings(max_examples=60, deadline=None)
def test_derivatives_of_cosines_are_exact(shape):
    known, places = Cosines(shape), [np.arange(n) for n in shape]
    u, d = known(places), len(shape)
    slopes = gradient(u)
    assert slopes.shape == (*u.shape, d)
    for axis in range(d):
        assert np.allclose(slopes[..., axis], known(places, {axis: 1}), atol=1e-10)
    exact = sum(known(places, {axis: 2}) for axis in range(d))
    assert np.allclose(laplacian(u), exact, atol=1e-10)


@given(shape=shapes, factors=st.lists(st.integers(1, 23), min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_other_grids_see_the_same_function(shape, factors):
    known, other = Cosines(shape), tuple(factors[: len(shape)])
    u = known([np.arange(n) for n in shape])
    expected = known(GridFrame.fitting(shape).axes(other))
    assert np.allclose(resampled(u, other), expected, atol=1e-10)


def test_one_known_cosine():
    p = np.arange(12)
    u = np.cos(np.pi * 3 * (p + 0.5) / 12)[:, None]
    w = np.pi * 3 / 12
    assert np.allclose(gradient(u)[:, 0, 0], -w * np.sin(w * (p + 0.5)), atol=1e-14)
    assert np.allclose(laplacian(u), -(w**2) * u, atol=1e-14)


def test_the_same_grid_and_finer_ones_keep_the_samples(camera):
    u = camera[:64, :48]
    assert np.array_equal(resampled(u, (64, 48)), u)
    # Of three samples in place of one, the middle one is at its place.
    assert np.allclose(resampled(u, (192, 144))[1::3, 1::3], u, atol=1e-13)
    assert np.allclose(
        resampled(resampled(u, (128, 48)), (64, 48)), resampled(resampled(u, (128, 96)), (64, 48))
    )


def test_a_finer_grid_holds_the_same_interpolant(camera):
    u = camera[:40, :40]
    fine = resampled(u, (120, 120))
    assert np.allclose(3 * gradient(fine)[1::3, 1::3], gradient(u), atol=1e-12)
    assert np.allclose(9 * laplacian(fine)[1::3, 1::3], laplacian(u), atol=1e-12)


def test_a_ramp_is_no_sum_of_cosines():
    """Far from the borders its slope is nearly right; at them the interpolant is level."""
    n = 64
    slopes = gradient(np.arange(n, dtype=float)[:, None])[:, 0, 0]
    assert slopes[n // 2] == pytest.approx(1, abs=0.05)
    assert slopes[0] < 0.7
    ends = resampled(np.arange(n, dtype=float)[:, None], (100 * n,))[:2, 0]
    assert abs(ends[1] - ends[0]) < 1e-3  # a slope of 1 would have 1e-2


def test_flipped_and_transposed(camera):
    u = camera[:31, :24]
    slopes, bends = gradient(u), laplacian(u)
    mirrored = gradient(u[::-1])
    assert np.allclose(mirrored[..., 0], -slopes[::-1, ..., 0], atol=1e-13)
    assert np.allclose(mirrored[..., 1], slopes[::-1, ..., 1], atol=1e-13)
    assert np.allclose(laplacian(u[:, ::-1]), bends[:, ::-1], atol=1e-13)
    assert np.allclose(gradient(u.swapaxes(0, 1)), slopes.swapaxes(0, 1)[..., ::-1], atol=1e-13)
    assert np.allclose(laplacian(u.swapaxes(0, 1)), bends.swapaxes(0, 1), atol=1e-13)


def test_constants_have_no_derivatives(samples):
    constant = np.full_like(samples, 3.0)
    assert np.abs(gradient(constant)).max() < 1e-14
    assert np.abs(laplacian(constant)).max() < 1e-13
    assert np.allclose(resampled(constant, (5,) * (samples.ndim - 1)), 3, atol=1e-14)


def test_the_laplacian_has_mean_zero(samples):
    assert np.allclose(laplacian(samples).mean(axis=tuple(range(samples.ndim - 1))), 0, atol=1e-13)


@pytest.mark.parametrize("shape", [(4,), (4, 4, 4), (0, 4), (-1, 4)])
def test_grids_that_do_not_fit(shape):
    with pytest.raises(UsageError, match="expected a shape of 2 positive numbers"):
        resampled(np.zeros((3, 3, 1)), shape)
