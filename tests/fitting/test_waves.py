"""Waves on drums: a disk's mode that Bessel's function gives, and polygons against a moving plane wave."""

from __future__ import annotations

import math

import torch
from scipy.special import j0, jn_zeros

from sdf_siren.fitting import solve_problem
from sdf_siren.io.problem_file import parse_problem

HEAD = 'equation = "wave"\nspeed = 2\n'
START = '[[conditions]]\nkind = "initial"\n'


def error(problem, exact, **settings):
    x = problem.domain.interior(1000, 9)
    found = solve_problem(problem, **settings).solution.value(x)
    truth = exact(x)
    return float((found - truth).norm() / truth.norm())


def test_a_mode_of_the_disk():
    """J_0(j r) cos(c j t): its start as a series, for formulas know no Bessel function."""
    root = float(jn_zeros(0, 1)[0])
    coefficients = [(-1) ** m * (root / 2) ** (2 * m) / math.factorial(m) ** 2 for m in range(14)]
    series = "+".join(f"({c!r})*(x^2+y^2)^{m}" for m, c in enumerate(coefficients))
    disk = '[domain]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\nduration = 1.5\n'
    held = '[[conditions]]\non = "circle"\nkind = "dirichlet"\n'
    text = f'{HEAD}{disk}{START}value = "{series}"\n{held}'

    def exact(x):
        r = x[:, :2].norm(dim=1).numpy()
        return torch.from_numpy(j0(root * r)) * (2 * root * x[:, 2]).cos()

    assert error(parse_problem(text), exact, tolerance=1e-6, width=800) < 1e-5


def test_a_plane_wave_crosses_a_triangle():
    wave = "sin(2*(0.6*x + 0.8*y - 2*t))"
    text = (
        f'{HEAD}exact = "{wave}"\n[domain]\nshape = "polygon"\nvertices = [[0, 0], [1, 0], [0.3, 1]]\n'
        f'duration = 1\n{START}value = "exact"\nrate = "-4*cos(2*(0.6*x + 0.8*y))"\n'
        '[[conditions]]\non = "boundary"\nkind = "dirichlet"\nvalue = "exact"\n'
    )
    problem = parse_problem(text)
    assert error(problem, lambda x: problem.exact(x).value, tolerance=1e-3, width=200) < 1e-2
