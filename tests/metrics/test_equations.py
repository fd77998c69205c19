"""Misses of a solution that is known to miss by so much."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from sdf_siren.metrics.equations import beside_corners, chunk_size, equation_error, evaluated

HEAD = 'equation = "poisson"\nsource = "exact"\nexact = "sin(pi*x) * sin(pi*y)"'


def test_the_exact_solution_misses_nothing(posed, known):
    problem = posed(HEAD)
    found = equation_error(problem, known(problem.exact))
    assert found.relative_error == found.largest_error == 0
    assert found.residual < 1e-13
    assert found.boundary_miss < 1e-15
    assert found.source == pytest.approx(math.pi**2, rel=1e-2)  # 2 pi^2 times the mean square of sines


def test_a_scaled_solution(posed, known):
    problem = posed(HEAD)
    found = equation_error(problem, known(lambda x: problem.exact(x) * 1.25))
    assert found.relative_error == pytest.approx(0.25)
    assert found.largest_error == pytest.approx(0.25, rel=1e-3)
    assert found.residual == pytest.approx(0.25 * found.source)


def test_a_shifted_solution_misses_on_the_boundary_only(posed, known):
    problem = posed(HEAD)
    found = equation_error(problem, known(lambda x: problem.exact(x) + 0.5))
    assert found.boundary_miss == pytest.approx(0.5)
    assert found.residual < 1e-13


def test_without_an_exact_solution(posed, known):
    problem = posed(HEAD)
    unknown = dataclasses.replace(problem, exact=None)
    found = equation_error(unknown, known(problem.exact))
    assert found.relative_error is None
    assert found.largest_error is None
    assert found.residual < 1e-13


def test_where_the_exact_solution_is_zero_there_is_no_relative_error(posed, known):
    problem = posed('equation = "poisson"\nexact = 0')
    found = equation_error(problem, known(lambda x: problem.exact(x) + 0.25))
    assert found.relative_error is None
    assert found.largest_error == 0.25


def test_the_reaction_counts(posed, known):
    problem = posed(HEAD.replace('"poisson"', '"poisson"\nreaction = "u^3"'))
    assert equation_error(problem, known(problem.exact)).residual < 1e-13


def test_points_at_corners_are_moved_inside(posed):
    domain = posed(
        HEAD, 'shape = "polygon"\nvertices = [[-1, -1], [1, -1], [1, 0], [0, 0], [0, 1], [-1, 1]]'
    ).domain
    x = torch.tensor([[0.0, 0.0], [-1.0, -1.0], [0.0, 0.5], [-0.5, -0.5]], dtype=torch.float64)
    moved = beside_corners(domain, x)
    assert domain.contains(moved[:2]).all()
    assert (moved - x).abs().max() < 1e-8
    assert torch.equal(moved[2:], x[2:])


def test_chunks_give_what_one_pass_gives(posed, known, monkeypatch):
    problem = posed(HEAD)
    solution, x = known(problem.exact), problem.domain.interior(300, 0)
    whole = evaluated(problem, solution, x)
    monkeypatch.setattr("sdf_siren.metrics.equations._NUMBERS", 1)
    assert chunk_size(solution) == 64
    chunked = evaluated(problem, solution, x)
    assert all((a == b).all() for a, b in zip(whole, chunked, strict=True))
