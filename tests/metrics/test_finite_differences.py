"""The classical reference: of second order, of fourth once extrapolated, for every kind of side."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sdf_siren.metrics.finite_differences import box_reference, no_finite_differences, solved_on

U = "exp(x) * cos(2*y)"
INTERVAL = 'shape = "interval"\nlow = -1\nhigh = 1'
ALL = {
    "poisson": f'equation = "poisson"\nsource = "exact"\nexact = "{U}"',
    "screened": f'equation = "screened_poisson"\ncoefficient = "1 + x*y"\nsource = "exact"\nexact = "{U}"',
    "helmholtz": f'equation = "helmholtz"\nwavenumber = "2 + x"\nsource = "exact"\nexact = "i * {U}"',
    "nonlinear": f'equation = "poisson"\nreaction = "u^3"\nsource = "exact"\nexact = "{U}"',
    "layer": f'equation = "helmholtz"\nwavenumber = 3\nsource = "exact"\nexact = "{U}"\n'
    "[absorbing_layer]\nthickness = 0.4\nstrength = 2",
}
MIXED = [
    {"on": '"left"', "kind": '"dirichlet"', "value": '"exact"'},
    {"on": '"right"', "kind": '"neumann"', "value": '"exp(1) * cos(2*y)"'},
    {"on": '"bottom"', "kind": '"robin"', "value": '"3 * exp(x)"', "coefficient": "3"},
    {"on": '"top"', "kind": '"robin"', "value": '"exp(x) * (y * cos(2) - 2 * sin(2))"', "coefficient": '"y"'},
]


def error(problem, cells):
    x, values = solved_on(problem, cells)
    exact = problem.exact(torch.from_numpy(x)).value.numpy()
    return np.linalg.norm(values - exact) / np.linalg.norm(exact)


@pytest.mark.parametrize(
    ("name", "conditions"),
    [*((name, None) for name in ALL), *((name, MIXED) for name in ALL if name != "helmholtz")],
)
def test_second_order(posed, name, conditions):
    problem = posed(ALL[name], conditions=conditions)
    coarse, fine = error(problem, 16), error(problem, 32)
    assert math.log2(coarse / fine) == pytest.approx(2, abs=0.2)
    assert fine < 3e-3


def test_extrapolation_is_of_fourth_order(posed):
    problem = posed(ALL["poisson"])
    errors = []
    for cells in (8, 16):
        found = box_reference(problem, cells)
        exact = problem.exact(torch.from_numpy(found.x)).value.numpy()
        errors.append(np.linalg.norm(found.values - exact) / np.linalg.norm(exact))
        assert errors[-1] < found.uncertainty
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.4)


def test_one_dimension(posed):
    problem = posed('equation = "poisson"\nsource = "exact"\nexact = "sin(3*x)"', INTERVAL)
    assert error(problem, 64) < 1e-3
    found = box_reference(problem)
    assert found.method == "finite differences, 4000 cells a side, extrapolated"
    assert found.uncertainty < 1e-5


@pytest.mark.parametrize("sides", ['["left", "right"]', '["bottom", "top"]'])
def test_periodic(posed, sides):
    other = '["bottom", "top"]' if "left" in sides else '["left", "right"]'
    axis, across = ("x", "y") if "left" in sides else ("y", "x")
    head = (
        f'equation = "poisson"\nsource = "exact"\nexact = "(1 + sin(2*pi*{axis} + 1)) * sin(pi*{across})"\n'
    )
    conditions = [
        {"on": sides, "kind": '"periodic"'},
        {"on": other, "kind": '"dirichlet"'},
    ]
    problem = posed(head, conditions=conditions)
    coarse, fine = error(problem, 16), error(problem, 32)
    assert math.log2(coarse / fine) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize(
    ("domain", "refused"),
    [
        ('shape = "disk"\ncentre = [0, 0]\nradius = 1', True),
        ('shape = "box"\nlow = [0, 0, 0]\nhigh = [1, 1, 1]', True),
        ('shape = "box"\nlow = [0, 0]\nhigh = [1, 1]', False),
    ],
)
def test_what_has_none(posed, domain, refused):
    problem = posed('equation = "poisson"', domain, [{"on": '"boundary"', "kind": '"dirichlet"'}])
    assert (no_finite_differences(problem) is not None) == refused


def test_none_where_a_constant_is_free(posed):
    square = 'shape = "box"\nlow = [0, 0]\nhigh = [1, 1]'
    problem = posed('equation = "poisson"', square, [{"on": '"boundary"', "kind": '"neumann"'}])
    assert "leave no constant free" in no_finite_differences(problem)
