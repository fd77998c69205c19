from __future__ import annotations

import pytest
import torch

from sdf_siren.domains.space_time import SpaceTime, coordinate_names
from sdf_siren.errors import UsageError


def test_time_has_parts_of_its_own():
    domain = SpaceTime((0, 0, 0), (1, 2, 3))
    assert domain.parts == ("left", "right", "bottom", "top", "start", "end")
    boundary = domain.boundary(500, 0)
    assert (boundary.x[boundary.part == domain.part("start"), 2] == 0).all()
    assert (boundary.x[boundary.part == domain.part("end"), 2] == 3).all()


def test_factor_by_the_names_of_the_parts():
    domain = SpaceTime((0, 0), (1, 2))
    x = torch.tensor([[0.3, 0.0], [0.3, 2.0]], dtype=torch.float64)
    assert (domain.factor(["start"])(x).value == torch.tensor([0.0, 1.0])).all()
    with pytest.raises(UsageError, match="start, end"):
        domain.factor(["bottom"])


@pytest.mark.parametrize(
    ("dimension", "timed", "names"),
    [
        (1, False, ("x",)),
        (3, False, ("x", "y", "z")),
        (5, False, ("x", "y", "z", "x4", "x5")),
        (2, True, ("x", "t")),
        (4, True, ("x", "y", "z", "t")),
    ],
)
def test_names(dimension, timed, names):
    assert coordinate_names(dimension, timed=timed) == names
