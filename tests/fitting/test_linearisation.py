"""Linearised equations: their residual is that of the equation, their slope is its derivative."""

import pytest
import torch
from boundary_problems import cubic, linear

from sdf_siren.conditions import Problem, Solution, ansatz_for, poisson
from sdf_siren.errors import UsageError
from sdf_siren.fitting.least_squares import Candidate, collocate, frozen_network, influence
from sdf_siren.fitting.linearisation import Equations, misses


def equations_of(problem, unknowns=60):
    ansatz = ansatz_for(problem)
    return Equations.of(problem, ansatz, collocate(problem, ansatz, unknowns, 0))


def some_function(equations, scale=0.3):
    network = frozen_network(equations.problem, equations.ansatz, Candidate(40, 1, 4.0), 3)
    generator = torch.Generator().manual_seed(0)
    network.weights[-1].copy_(scale * torch.randn(1, 40, generator=generator, dtype=torch.float64))
    return Solution(equations.ansatz, network, torch.zeros(0, dtype=torch.float64))


def test_the_residual_is_that_of_the_equation():
    equations = equations_of(cubic())
    problem, solution = equations.problem, some_function(equations)
    x = equations.collocation.blocks[0].network.x
    value, laplacian = solution.value(x), solution.laplacian(x)
    direct = (-laplacian + value**3 - problem.source_at(x)) * influence(problem) / len(x) ** 0.5
    found = misses(equations.at(solution), solution) * equations.collocation.scale
    torch.testing.assert_close(found, direct, rtol=1e-10, atol=1e-12)
    assert equations.residual(solution) == pytest.approx(
        float(direct.norm()) / equations.collocation.scale, rel=1e-10
    )


def test_the_linearisation_is_tangent_to_the_equation():
    equations = equations_of(cubic(10.0))
    here = some_function(equations)
    tangent = equations.at(here)

    def moved(part):
        weights = [*here.network.weights[:-1], here.network.weights[-1] * (1 + part)]
        network = type(here.network)(here.network.shape, weights, here.network.biases)
        return Solution(here.ansatz, network, here.amplitudes)

    def gap(part):
        there = moved(part)
        return float((misses(equations.at(there), there) - misses(tangent, there)).norm())

    assert gap(1e-2) / gap(1e-3) == pytest.approx(100, rel=0.05)


def test_a_linear_problem_is_the_same_everywhere():
    equations = equations_of(linear())
    assert equations.at(some_function(equations)) is equations.collocation


def test_complex_reactions_are_refused():
    problem = cubic()
    operator = poisson(problem.operator.reaction)
    wrong = Problem(problem.domain, operator, lambda x: problem.source_at(x) + 1j, problem.conditions)
    ansatz = ansatz_for(problem)
    with pytest.raises(UsageError, match="reaction needs a real problem"):
        Equations.of(wrong, ansatz, collocate(problem, ansatz, 20, 0))
