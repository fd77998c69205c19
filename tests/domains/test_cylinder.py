"""Domains over time: points inside and on the mantle, the start and the end, in proportion."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren.domains import Ball, Box, Cylinder, Difference, Polygon
from sdf_siren.domains.cylinder import constant_in_time
from sdf_siren.domains.space_time import SpaceTime
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet

DISK = Cylinder(Ball([1, 0], 2), 0.5, 2.0)
BASES = [
    Ball([0, 0], 1),
    Polygon([[0, 0], [2, 0], [0, 1]]),
    Difference(Ball([0, 0], 1), Ball([0, 0], 0.5), names=["out", "hole"]),
    Ball([0, 0, 0], 1),
]


def test_what_it_is():
    assert DISK.dimension == 3
    assert DISK.parts == ("circle", "start", "end")
    assert [bound.tolist() for bound in DISK.bounds] == [[-1, -2, 0.5], [3, 2, 2.0]]
    assert DISK.part_measure.tolist() == pytest.approx([6 * math.pi, 4 * math.pi, 4 * math.pi], rel=1e-2)
    assert DISK.corners == DISK.holes == DISK.curves == ()


def test_distance():
    x = torch.tensor([[1, 0, 1.0], [1, 1.9, 1], [4, 0, 1], [1, 0, 0.2], [1, 0, 2.5]], dtype=torch.float64)
    assert DISK.distance(x).tolist() == pytest.approx([-0.5, -0.1, 1, 0.3, 0.5])
    assert bool(DISK.contains(DISK.interior(500, 0)).all())


@pytest.mark.parametrize("base", BASES)
def test_boundary(base):
    domain = Cylinder(base, -1.0, 1.5)
    found = domain.boundary(3000, 3)
    assert domain.distance(found.x).abs().max() < 1e-9
    assert torch.allclose(found.normal.norm(dim=1), torch.ones(3000, dtype=torch.float64))
    inside = found.x - 1e-6 * found.normal
    assert bool(domain.contains(inside).all())
    shares = found.part.bincount(minlength=len(domain.parts)) / 3000
    assert torch.allclose(shares, (domain.part_measure / domain.part_measure.sum()).float(), atol=0.02)
    for name, moment, sign in (("start", -1.0, -1.0), ("end", 1.5, 1.0)):
        on = found.part == domain.part(name)
        assert bool((found.x[on, -1] == moment).all())
        assert bool((found.normal[on, -1] == sign).all())
    fewer = domain.boundary(1000, 3)
    assert torch.equal(fewer.x, found.x[:1000])
    assert torch.equal(fewer.part, found.part[:1000])


def test_the_mantle_is_covered_evenly():
    found = DISK.boundary(4000, 1)
    mantle = found.x[found.part == 0]
    angle = torch.atan2(mantle[:, 1], mantle[:, 0] - 1) / (2 * math.pi) % 1
    turn = (mantle[:, 2] - 0.5) / 1.5
    counts = torch.histogramdd(torch.stack([angle, turn], 1), [8, 8], range=[0.0, 1, 0, 1]).hist
    assert counts.min() > 0.7 * len(mantle) / 64
    assert counts.max() < 1.3 * len(mantle) / 64


def test_a_box_over_time_is_a_space_time():
    one, other = Cylinder(Box([0, 1], [2, 2]), 0, 3), SpaceTime([0, 1, 0], [2, 2, 3])
    x = torch.rand(200, 3, dtype=torch.float64) * 4 - 0.5
    assert one.parts == other.parts
    assert torch.equal(one.contains(x), other.contains(x))
    assert torch.allclose(one.part_measure, other.part_measure)


def test_a_function_of_space():
    def function(x):
        u, v = Jet.coordinates(x)
        return u * u * v

    x = torch.tensor([[2.0, 3.0, 7.0]], dtype=torch.float64)
    jet = constant_in_time(function)(x)
    assert jet.value.item() == 12
    assert jet.gradient.tolist() == [[12, 4, 0]]
    assert jet.hessian.tolist() == [[[6, 4, 0], [4, 0, 0], [0, 0, 0]]]


def test_time_has_a_direction():
    with pytest.raises(UsageError, match="start < end"):
        Cylinder(BASES[0], 1, 1)
