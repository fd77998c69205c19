"""Splines: exact where they must be, of the stated order, and honest about themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdf_siren.io.splines import interpolated

FINE = np.linspace(0, 1, 997)[:, None]


def worst(found, function):
    return np.abs(found.spline(FINE) - function(FINE[:, 0])).max()


@pytest.mark.parametrize("degree", [3, 5])
def test_polynomials_of_the_degree_are_exact(degree):
    def function(t):
        return (t - 0.3) ** degree

    axis = np.linspace(0, 1, 14)
    found = interpolated([axis], function(axis), degree=degree)
    assert worst(found, function) < 1e-12
    assert found.error < 1e-12


@pytest.mark.parametrize(("degree", "period"), [(3, None), (3, 1.0), (5, None)])
def test_order_and_estimate(degree, period):
    """Halving the spacing divides the error by 2^(k+1), and the estimate is of the error's size."""

    def function(t):
        return np.exp(np.sin(2 * np.pi * t)) * (1 + 1j)

    errors = []
    for count in (32, 64):
        axis = np.linspace(0, 1, count + (period is None), endpoint=period is None)
        found = interpolated([axis], function(axis), degree=degree, period=period)
        errors.append(worst(found, function))
        assert errors[-1] / 4 < found.error < 4 * errors[-1]
    assert math.log2(errors[0] / errors[1]) > degree + 0.5


def test_a_closed_curve_goes_on():
    axis = np.linspace(0, 1, 12, endpoint=False)
    found = interpolated([axis], np.sin(2 * np.pi * axis), period=1.0)
    assert np.allclose(found.spline(FINE + 3), found.spline(FINE), atol=1e-12)
    slopes = found.spline(np.array([[1e-9], [1 - 1e-9]]), [1])
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-5)


@pytest.mark.parametrize("factor", [1.0, 2.0 - 1j])
def test_two_variables(factor):
    def function(x):
        return factor * np.sin(3 * x[:, 0]) * np.exp(x[:, 1])

    axes = np.linspace(0, 1, 20), np.linspace(-1, 1, 31)
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    found = interpolated(axes, function(nodes).reshape(20, 31))
    x = np.random.default_rng(0).random((500, 2)) * [1, 2] - [0, 1]
    error = np.abs(found.spline(x) - function(x)).max()
    assert error < 6e-5
    assert error / 4 < found.error < 4 * error
    assert np.allclose(found.spline(x, [1, 0]), factor * 3 * np.cos(3 * x[:, 0]) * np.exp(x[:, 1]), atol=5e-3)


def test_too_few_values_to_judge():
    found = interpolated([np.linspace(0, 1, 5)], np.arange(5.0))
    assert found.error == found.largest == 4
