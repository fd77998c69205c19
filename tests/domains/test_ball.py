"""Balls: the factor, and what is no ball."""

import pytest
import torch

from sdf_siren.domains import Ball
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet

DISK = Ball([1, -1], 0.5)


def test_factor():
    x = DISK.interior(100, 0)
    found = DISK.factor()(x)
    a, b = Jet.coordinates(x)
    expected = 1 - ((a - 1) * (a - 1) + (b + 1) * (b + 1)) / 0.25
    for name in ("value", "gradient", "hessian"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name))
    assert (found.value > 0).all()
    assert DISK.factor()(DISK.boundary(100, 0).x).value.abs().max() < 1e-14
    assert DISK.factor()(torch.tensor([[1.5, -1.0]])).value == 0
    assert DISK.factor()(torch.tensor([[1.0, -1.0]])).value == 1


def test_the_sphere_is_covered_evenly():
    points = Ball([0, 0, 0], 1).boundary(4096, 0)
    second = points.x.T @ points.x / 4096
    torch.testing.assert_close(second, torch.eye(3, dtype=torch.float64) / 3, rtol=0, atol=2e-3)


def test_names_and_ball():
    assert DISK.parts == ("circle",)
    assert Ball([0, 0, 0], 1).parts == ("sphere",)
    assert DISK.bounding_ball[1] == 0.5
    assert DISK.diameter == 1.0


@pytest.mark.parametrize(
    ("centre", "radius", "message"),
    [
        ([0], 1, "a centre of 2 or more numbers, found 1; an interval is a Box"),
        ([0, 0], 0, "a radius above zero, found 0"),
        ([0, 0], -2, "a radius above zero, found -2"),
        ([0, 0], float("nan"), "finite numbers for a ball's radius"),
        ([0, float("inf")], 1, "finite numbers for a ball's centre"),
        ([0, 0], "big", "expected numbers for a ball's radius"),
    ],
)
def test_what_is_no_ball_is_refused(centre, radius, message):
    with pytest.raises(UsageError, match=message):
        Ball(centre, radius)
