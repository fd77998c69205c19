"""Finite differences: identities, what they are exact for, and the order to which they are derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.signals.differences import (
    differences,
    mirrored_second_differences,
    second_differences,
    transposed_differences,
)


def places(*shape):
    return np.meshgrid(*[np.arange(n, dtype=float) for n in shape], indexing="ij")


class TestDifferences:
    def test_shapes(self, samples):
        for axis, along_axis in enumerate(differences(samples)):
            assert along_axis.shape == tuple(n - (k == axis) for k, n in enumerate(samples.shape))

    def test_a_ramp_has_its_slopes_and_a_quadratic_those_at_the_middles(self):
        i, j = places(6, 5)
        down, across = differences((3 * i - 2 * j)[..., None])
        assert np.array_equal(down, np.full((5, 5, 1), 3.0))
        assert np.array_equal(across, np.full((6, 4, 1), -2.0))
        along_quadratic, _ = differences((i**2)[..., None])
        assert np.array_equal(along_quadratic[:, 0, 0], 2 * (np.arange(5) + 0.5))

    def test_integers_and_single_precision_do_not_wrap_or_round(self):
        (step,) = differences(np.array([[200], [100]], np.uint8))
        assert step.dtype == np.float64
        assert step[0, 0] == -100

    def test_the_mean_of_the_derivative_and_of_second_order_at_the_middle(self):
        errors = []
        for n in (32, 64):
            edges = np.linspace(0, 2, n + 1)
            (step,) = differences(np.sin(3 * edges)[:, None])
            slopes = step[:, 0] / (2 / n)
            middle = (edges[1:] + edges[:-1]) / 2
            errors.append(np.abs(slopes - 3 * np.cos(3 * middle)).max())
            at_sample = np.abs(slopes - 3 * np.cos(3 * edges[:-1])).max()
            assert at_sample > 10 * errors[-1]
            nodes, weights = np.polynomial.legendre.leggauss(6)
            inside = middle[:, None] + nodes / n
            assert np.allclose(slopes, (3 * np.cos(3 * inside)) @ weights / 2, atol=1e-12)
        assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)

    def test_turned_round_and_transposed(self):
        u = np.random.default_rng(0).standard_normal((5, 7, 2))
        down, across = differences(u)
        for axis in (0, 1):
            flipped = differences(np.flip(u, axis))
            for other, (before, after) in enumerate(zip((down, across), flipped, strict=True)):
                sign = -1 if other == axis else 1
                assert np.array_equal(after, sign * np.flip(before, axis))
        turned = differences(u.swapaxes(0, 1))
        assert np.array_equal(turned[0], across.swapaxes(0, 1))
        assert np.array_equal(turned[1], down.swapaxes(0, 1))

    def test_needs_channels(self):
        with pytest.raises(UsageError, match="samples: expected"):
            differences(np.zeros(4))


class TestTransposed:
    def test_adjoint(self, samples):
        rng = np.random.default_rng(1)
        steps = differences(samples)
        others = tuple(rng.standard_normal(step.shape) for step in steps)
        left = sum(np.vdot(step, other) for step, other in zip(steps, others, strict=True))
        right = np.vdot(samples, transposed_differences(others))
        assert left == pytest.approx(right, rel=1e-12, abs=1e-12)

    def test_nothing_is_made_or_lost(self, samples):
        total = transposed_differences(differences(samples)).sum(axis=tuple(range(samples.ndim - 1)))
        assert np.allclose(total, 0, atol=1e-12)

    @pytest.mark.parametrize(
        "shapes",
        [(), ((3,),), ((3, 4, 1), (4, 4, 1)), ((3, 4, 1), (4, 3, 2)), ((3, 1), (4, 1)), ((3, 0),)],
    )
    def test_what_are_no_differences_of_a_grid(self, shapes):
        with pytest.raises(UsageError, match="one shorter along it, found shapes"):
            transposed_differences([np.zeros(shape) for shape in shapes])


class TestSecondDifferences:
    @pytest.mark.parametrize("d", [1, 2, 3])
    def test_a_quadratic_has_its_laplacian(self, d):
        x = places(*(5, 6, 4)[:d])
        u = sum((k + 1) * x[k] ** 2 + 5 * x[k] for k in range(d)) + (x[0] * x[-1] if d > 1 else 0)
        found = second_differences(u[..., None])
        assert found.shape == (*(3, 4, 2)[:d], 1)
        assert np.allclose(found, d * (d + 1), atol=1e-12)

    def test_second_order(self):
        errors = []
        for n in (16, 32):
            x = np.linspace(0, 1, n + 1)
            u = np.sin(2 * x)[:, None] * np.exp(x)
            found = second_differences(u[..., None])[..., 0] * n**2
            errors.append(np.abs(found - (-3 * u)[1:-1, 1:-1]).max())
        assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)

    def test_mirrored_agrees_inside_and_repeats_the_outermost_samples_outside(self, samples):
        d = samples.ndim - 1
        found = mirrored_second_differences(samples)
        inside = (slice(1, -1),) * d
        assert np.allclose(found[inside], second_differences(samples), atol=1e-13)
        padded = np.pad(samples, [(1, 1)] * d + [(0, 0)], mode="symmetric")
        assert np.allclose(found, second_differences(padded), atol=1e-13)

    def test_mirrored_is_of_second_order_at_the_border_where_there_is_no_slope(self):
        errors = []
        for n in (16, 32):
            middles = (np.arange(n) + 0.5) / n
            u = np.cos(np.pi * middles)[:, None]
            found = mirrored_second_differences(u) * n**2
            errors.append(np.abs(found + np.pi**2 * u)[0].max())
        assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)

    def test_invariances(self):
        u = np.random.default_rng(3).standard_normal((5, 6, 2))
        for operator in (second_differences, mirrored_second_differences):
            assert np.allclose(operator(u.swapaxes(0, 1)), operator(u).swapaxes(0, 1), atol=1e-13)
            assert np.allclose(operator(u[::-1]), operator(u)[::-1], atol=1e-13)

    def test_short_axes_have_no_inner_samples(self):
        assert second_differences(np.ones((2, 5, 3))).shape == (0, 3, 3)
        assert second_differences(np.ones((1, 1))).shape == (0, 1)
