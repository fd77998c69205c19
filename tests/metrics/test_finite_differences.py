"""The classical reference: of second order, of fourth once extrapolated, for every kind of side."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sdf_siren.errors import UsageError
from sdf_siren.metrics.finite_differences import compare_classical, no_classical, reference, solved_on

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
        found = reference(problem, cells)
        exact = problem.exact(torch.from_numpy(found.x)).value.numpy()
        errors.append(np.linalg.norm(found.values - exact) / np.linalg.norm(exact))
        assert errors[-1] < found.uncertainty
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.4)


def test_one_dimension(posed):
    problem = posed('equation = "poisson"\nsource = "exact"\nexact = "sin(3*x)"', INTERVAL)
    assert error(problem, 64) < 1e-3
    found = reference(problem)
    assert found.cells == 2000
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


def test_comparison_with_the_exact_solution(posed, known):
    problem = posed(ALL["poisson"])
    found = compare_classical(problem, known(problem.exact), cells=16)
    assert found.difference == pytest.approx(found.error)
    assert found.error < 1e-5
    assert found.cells == 32
    assert found.seconds > 0


def test_a_wrong_solution_differs(posed, known):
    problem = posed(ALL["poisson"])
    found = compare_classical(problem, known(lambda x: problem.exact(x) * 1.5), cells=16)
    assert found.difference == pytest.approx(0.5, abs=1e-3)
    assert found.error < 1e-5


@pytest.mark.parametrize(
    ("head", "domain", "conditions"),
    [
        ('equation = "poisson"', 'shape = "disk"\ncentre = [0, 0]\nradius = 1', None),
        ('equation = "poisson"', 'shape = "box"\nlow = [0, 0, 0]\nhigh = [1, 1, 1]', None),
        (
            'equation = "wave"\nspeed = 1',
            'shape = "interval"\nlow = 0\nhigh = 1\nduration = 1',
            [{"kind": '"initial"'}, {"on": '"boundary"', "kind": '"dirichlet"'}],
        ),
    ],
)
def test_what_has_no_reference(posed, head, domain, conditions):
    problem = posed(head, domain, conditions or [{"on": '"boundary"', "kind": '"dirichlet"'}])
    assert no_classical(problem)
    with pytest.raises(UsageError, match="no classical reference"):
        reference(problem, 8)


def test_rectangles_have_one(posed):
    assert no_classical(posed(ALL["poisson"])) is None
