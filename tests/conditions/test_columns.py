"""Corner functions and multipoles: harmonic, and zero or natural where they should be."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren.conditions.columns import corner_functions, is_whole, multipoles
from sdf_siren.domains import Ball, Box, Difference, Polygon

ELL = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])
SQUARE = Box([0, 0], [1, 1])


def beside(corner, angle, lengths=(0.1, 0.3, 0.7)):
    return torch.tensor(
        [
            [
                corner.position[0] + r * math.cos(corner.start + angle),
                corner.position[1] + r * math.sin(corner.start + angle),
            ]
            for r in lengths
        ],
        dtype=torch.float64,
    )


def outward(corner, angle):
    """The direction across a side, away from the inside at the first side and into it at the last."""
    direction = corner.start + angle - math.pi / 2
    return torch.tensor([math.cos(direction), math.sin(direction)], dtype=torch.float64)


@pytest.mark.parametrize("domain", [ELL, SQUARE], ids=["ell", "square"])
def test_corner_functions_are_harmonic(domain):
    x = domain.interior(200, 0)
    for function in corner_functions(domain, domain.corners, (), harmonic=True):
        jet = function(x)
        assert (jet.laplacian.abs() <= 1e-11 * jet.hessian.abs().sum((1, 2))).all()


def test_values_vanish_on_both_sides_of_a_reentrant_corner():
    (corner,) = ELL.reentrant_corners
    functions = corner_functions(ELL, [corner], (), harmonic=True)
    orders = [2 * k / 3 for k in range(1, 13) if 2 * k / 3 <= 8]
    assert len(functions) == len(orders)
    for order, function in zip(orders, functions, strict=True):
        if is_whole(order):
            continue
        for angle in (0.0, corner.opening):
            assert function(beside(corner, angle)).value.abs().max() < 1e-13


def test_slopes_vanish_on_natural_sides():
    (corner,) = ELL.reentrant_corners
    functions = corner_functions(ELL, [corner], ELL.parts, harmonic=True)
    for k, function in enumerate(functions, 1):
        if is_whole(2 * k / 3):
            continue
        for angle in (0.0, corner.opening):
            slope = function(beside(corner, angle)).gradient @ outward(corner, angle)
            assert slope.abs().max() < 1e-12


def test_mixed_sides_have_half_orders():
    (corner,) = ELL.reentrant_corners
    on = ELL.boundary(4000, 0)
    first = int(on.part[(on.x - beside(corner, 0.0, (0.01,))).norm(dim=1).argmin()])
    functions = corner_functions(ELL, [corner], (ELL.parts[first],), harmonic=True)
    slope = functions[0](beside(corner, 0.0)).gradient @ outward(corner, 0.0)
    assert slope.abs().max() < 1e-12
    assert functions[0](beside(corner, corner.opening)).value.abs().max() < 1e-13
    r = functions[0](beside(corner, 0.0, (0.5, 1.0))).value
    assert float(r[1] / r[0]) == pytest.approx(2 ** (1 / 3))  # r^(pi / 2 omega)


def test_orders_in_r_squared_for_operators_with_a_value_term():
    harmonic = corner_functions(ELL, ELL.reentrant_corners, (), harmonic=True)
    assert len(corner_functions(ELL, ELL.reentrant_corners, (), harmonic=False)) == 2 * len(harmonic)


def test_multipoles_are_harmonic_outside_their_holes():
    domain = Difference(Box([-1, -1], [1, 1]), Ball([0.2, 0.1], 0.3))
    x = domain.interior(200, 0)
    columns = multipoles(domain.holes)
    assert len(columns) == 25
    for column in columns:
        jet = column(x)
        assert not jet.value.is_complex()
        assert (jet.laplacian.abs() <= 1e-10 * jet.hessian.abs().sum((1, 2))).all()


def test_multipoles_are_waves_around_the_rim():
    hole = Ball([0.2, 0.1], 0.3)
    angle = torch.linspace(0, 6, 30, dtype=torch.float64)
    rim = torch.stack([0.2 + 0.3 * torch.cos(angle), 0.1 + 0.3 * torch.sin(angle)], 1)
    logarithm, cosine, sine, *_ = multipoles([hole])
    assert logarithm(rim).value.abs().max() < 1e-14
    assert torch.allclose(cosine(rim).value, torch.cos(angle))
    assert torch.allclose(sine(rim).value.abs(), torch.sin(angle).abs())
