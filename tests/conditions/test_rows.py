"""Rows: the one language of linear conditions."""

from __future__ import annotations

import pytest
import torch

from sdf_siren import jets
from sdf_siren.conditions import Rows
from sdf_siren.jets import Jet


def points(n=40, d=2, seed=0):
    return torch.rand(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def random_rows(x, seed=1, *, complex=False):
    g = torch.Generator().manual_seed(seed)
    n, d = x.shape
    dtype = torch.complex128 if complex else torch.float64
    alpha, beta, gamma, target = (
        torch.randn(*size, generator=g, dtype=dtype) for size in ((n,), (n, d), (n, d, d), (n,))
    )
    return Rows(x, target, alpha, beta, gamma + gamma.transpose(1, 2))


def wavy(x):
    a, b = Jet.coordinates(x)
    return jets.sin(a * 2 + b) + jets.exp(b * 0.3) * a


def bump(x):
    a, b = Jet.coordinates(x)
    return (1 - a * a) * (1 - b * b)


class TestOf:
    def test_laplacian_of_a_square_is_2d(self):
        for d in (1, 2, 3, 5):
            x = points(d=d)
            square = sum((c * c for c in Jet.coordinates(x)), Jet.constant(0.0, x))
            rows = Rows(x, torch.zeros(40), gamma=torch.eye(d, dtype=torch.float64).expand(40, d, d))
            assert torch.allclose(rows.of(square), torch.full((40,), 2.0 * d, dtype=torch.float64))

    def test_each_coefficient_reads_its_derivative(self):
        x = points()
        jet = wavy(x)
        ones = torch.ones(40, dtype=torch.float64)
        zero = torch.zeros(40)
        first = torch.tensor([1.0, 0.0], dtype=torch.float64).expand(40, 2)
        mixed = torch.tensor([[0.0, 0.5], [0.5, 0.0]], dtype=torch.float64).expand(40, 2, 2)
        assert torch.equal(Rows(x, zero, alpha=ones).of(jet), jet.value)
        assert torch.equal(Rows(x, zero, beta=first).of(jet), jet.gradient[:, 0])
        assert torch.allclose(Rows(x, zero, gamma=mixed).of(jet), jet.hessian[:, 0, 1])

    def test_shapes_are_checked(self):
        with pytest.raises(ValueError, match=r"expected beta \(40, 2\), found \(40, 3\)"):
            Rows(points(), torch.zeros(40), beta=torch.zeros(40, 3))


class TestProductRule:
    @pytest.mark.parametrize("complex", [False, True])
    def test_conditions_on_a_product_are_conditions_on_its_factor(self, complex):
        x = points()
        rows = random_rows(x, complex=complex)
        on_factor = rows.of_factor(bump(x))
        assert torch.allclose(on_factor.of(wavy(x)), rows.of(bump(x) * wavy(x)), rtol=1e-12, atol=1e-12)
        assert torch.equal(on_factor.target, rows.target)

    def test_absent_coefficients_stay_absent_where_they_can(self):
        x = points()
        only_value = Rows(x, torch.zeros(40), alpha=torch.ones(40, dtype=torch.float64))
        on_factor = only_value.of_factor(bump(x))
        assert on_factor.beta is None
        assert on_factor.gamma is None


class TestLinearity:
    def test_a_known_part_moves_to_the_right(self):
        x = points()
        rows = random_rows(x)
        total = wavy(x) + bump(x)
        residual = rows.of(total) - rows.target
        remaining = rows.minus(wavy(x))
        assert torch.allclose(remaining.of(bump(x)) - remaining.target, residual, atol=1e-12)

    def test_weights_scale_both_sides(self):
        x = points()
        rows = random_rows(x)
        weight = torch.linspace(0.5, 2.0, 40, dtype=torch.float64)
        scaled = rows.times(weight)
        residual = rows.of(wavy(x)) - rows.target
        assert torch.allclose(scaled.of(wavy(x)) - scaled.target, weight * residual)
