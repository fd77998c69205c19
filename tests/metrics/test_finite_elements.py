"""Finite elements: of third order at least on smooth solutions, for every kind of side, curved ones too."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sdf_siren.errors import UsageError
from sdf_siren.metrics import finite_elements
from sdf_siren.metrics.finite_elements import element_reference, no_finite_elements

U = "exp(x) * cos(2*y)"
DISK = 'shape = "disk"\ncentre = [0, 0]\nradius = 1'
KITE = 'shape = "polygon"\nvertices = [[0, 0], [2, 0], [2, 1], [1, 0.6], [0, 1]]'
HELD = {"on": '"boundary"', "kind": '"dirichlet"', "value": '"exact"'}
SPRINGY = {
    "on": '"boundary"',
    "kind": '"robin"',
    "coefficient": '"3 + y"',
    "value": '"x*exp(x)*cos(2*y) - 2*y*exp(x)*sin(2*y) + (3 + y)*exp(x)*cos(2*y)"',
}
FREE = {"on": '"edge_1"', "kind": '"neumann"', "value": '"2*exp(x)*sin(2*y)"'}
CASES = {
    "poisson": (f'equation = "poisson"\nexact = "{U}"', DISK, [HELD]),
    "screened, robin": (
        f'equation = "screened_poisson"\ncoefficient = "2 + x"\nexact = "{U}"',
        DISK,
        [SPRINGY],
    ),
    "complex": (f'equation = "helmholtz"\nwavenumber = "3 + x"\nexact = "exp(2*i*y) * {U}"', DISK, [HELD]),
    "neumann": (f'equation = "poisson"\nexact = "{U}"', KITE, [FREE, HELD]),
    "nonlinear": (f'equation = "poisson"\nreaction = "u^3"\nexact = "{U}"', KITE, [HELD]),
}


def error(problem, cells):
    found = element_reference(problem, cells)
    exact = problem.exact(torch.from_numpy(found.x)).value.numpy()
    return np.linalg.norm(found.values - exact) / np.linalg.norm(exact), found


@pytest.mark.parametrize("name", CASES)
def test_order(posed, name):
    head, domain, conditions = CASES[name]
    problem = posed(f'{head}\nsource = "exact"', domain, conditions)
    (coarse, _), (fine, found) = error(problem, 8), error(problem, 16)
    assert math.log2(coarse / fine) > 2.5
    assert fine < 2e-4
    assert fine < found.uncertainty < 100 * fine
    assert found.method.endswith(" unknowns")


def test_a_corner_that_turns_inwards(posed):
    """r^(2/3) sin(2/3 theta) has infinite slopes there, which only ever smaller triangles resolve."""
    angle = "(atan2(y, x) + where(y < 0, 2*pi, 0))"
    exact = f"(x^2 + y^2 + 1e-300)^(1/3) * sin(2/3 * {angle})"
    ell = "vertices = [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]"
    held = {"on": '"boundary"', "kind": '"dirichlet"', "value": f'"{exact}"'}
    problem = posed('equation = "poisson"', f'shape = "polygon"\n{ell}', [held])
    found = element_reference(problem, 16)
    x, y = found.x.T
    theta = np.arctan2(y, x)
    theta = np.where(theta < -1e-9, theta + 2 * np.pi, theta)
    truth = np.hypot(x, y) ** (2 / 3) * np.sin(2 / 3 * theta)
    assert np.linalg.norm(found.values - truth) / np.linalg.norm(truth) < 2e-4


@pytest.mark.parametrize(
    ("head", "domain", "conditions", "words"),
    [
        ('equation = "poisson"', 'shape = "ball"\ncentre = [0, 0, 0]\nradius = 1', None, "two dimensions"),
        (
            'equation = "helmholtz"\nwavenumber = 1\n[[point_sources]]\nposition = [0, 0]\nwidth = 0.1',
            DISK,
            None,
            "point sources",
        ),
    ],
)
def test_what_has_none(posed, head, domain, conditions, words):
    problem = posed(head, domain, conditions or [{"on": '"boundary"', "kind": '"dirichlet"'}])
    assert words in no_finite_elements(problem)


def test_no_mesh(posed, monkeypatch):
    monkeypatch.setattr(finite_elements, "triangulated", lambda domain, spacing: None)
    head, domain, conditions = CASES["neumann"]
    with pytest.raises(UsageError, match="no mesh follows the boundary"):
        element_reference(posed(f'{head}\nsource = "exact"', domain, conditions), 8)
