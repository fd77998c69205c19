"""Conditions by construction: what holds whatever the network says."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren import jets
from sdf_siren.conditions import BoundaryCondition, Problem, Rows, Solution, ansatz_for, poisson, wave
from sdf_siren.conditions.problem import points_of
from sdf_siren.domains import Ball, Box, Difference, Polygon
from sdf_siren.fields import Siren, SirenShape
from sdf_siren.fitting.least_squares import Candidate, frozen_network
from sdf_siren.jets import Jet

SQUARE = Box([0, 0], [2, 1])


def constant(c):
    return lambda x: Jet.constant(c, x)


def dirichlet(domain, value=None, parts=None):
    return (BoundaryCondition("dirichlet", parts or domain.parts, value),)


def vanishing(x):
    """A source that is zero in the corners of SQUARE."""
    return torch.sin(math.pi * x[:, 0]) * torch.sin(math.pi * x[:, 1])


def any_solution(problem, seed=0):
    """The problem's form around a network with random weights."""
    ansatz = ansatz_for(problem)
    network = frozen_network(problem, ansatz, Candidate(30, 1, 3.0), seed)
    g = torch.Generator().manual_seed(seed)
    output = torch.randn(1, 30, generator=g, dtype=torch.float64)
    weights = [*network.weights[:-1], output]
    amplitudes = torch.randn(len(ansatz.columns), generator=g, dtype=torch.float64)
    return Solution(ansatz, Siren(network.shape, weights, network.biases), amplitudes)


class TestDirichlet:
    @pytest.mark.parametrize("domain", [SQUARE, Ball([1, 2], 0.5), Box([0], [3]), Box([0] * 4, [1] * 4)])
    @pytest.mark.parametrize("value", [0.0, 1.5])
    def test_constant_data_hold_exactly(self, domain, value):
        problem = Problem(domain, poisson(), None, dirichlet(domain, constant(value)))
        solution = any_solution(problem)
        on = domain.boundary(200, 3)
        assert solution.ansatz.soft == ()
        assert (solution.value(on.x) - value).abs().max() < 1e-13

    def test_other_data_stay_rows(self):
        conditions = dirichlet(SQUARE, lambda x: Jet.coordinates(x)[0])
        ansatz = ansatz_for(Problem(SQUARE, poisson(), None, conditions))
        assert ansatz.soft == conditions
        assert ansatz.factor is None

    def test_mixed_conditions_are_split(self):
        conditions = (
            *dirichlet(SQUARE, parts=("left", "right")),
            BoundaryCondition("neumann", ("bottom", "top")),
        )
        problem = Problem(SQUARE, poisson(), vanishing, conditions)
        solution = any_solution(problem)
        assert solution.ansatz.soft == conditions[1:]
        left = points_of(SQUARE.boundary(200, 0), SQUARE.parts, ("left", "right"))
        assert solution.value(left.x).abs().max() < 1e-13

    def test_a_source_that_does_not_vanish_in_a_right_angle_brings_corner_functions(self):
        smooth = ansatz_for(Problem(SQUARE, poisson(), vanishing, dirichlet(SQUARE)))
        rough = ansatz_for(Problem(SQUARE, poisson(), lambda x: torch.ones_like(x[:, 0]), dirichlet(SQUARE)))
        assert not smooth.columns
        assert len(rough.columns) == 4 * 4  # r^2, r^4, r^6 and r^8 with log r in each corner
        assert rough.soft

    def test_holes_bring_multipoles(self):
        domain = Difference(SQUARE, Ball([1, 0.5], 0.2))
        ansatz = ansatz_for(Problem(domain, poisson(), None, dirichlet(domain)))
        assert len(ansatz.columns) == 25
        assert ansatz.factor is None


class TestWaves:
    domain = Box([0, 0], [1, 2])  # x, t

    @staticmethod
    def start(x):
        return jets.sin(Jet.coordinates(x)[0] * math.pi)

    def test_initial_conditions_hold_exactly_whatever_the_data_say_about_later(self):
        def later(x):
            a, t = Jet.coordinates(x)
            return jets.sin(a * math.pi) * jets.cos(t * 5)

        conditions = (
            *dirichlet(self.domain, parts=("left", "right")),
            BoundaryCondition("dirichlet", ("bottom",), later),
            BoundaryCondition("rate", ("bottom",), later),
        )
        problem = Problem(self.domain, wave(constant(2.0), 2.0), None, conditions)
        solution = any_solution(problem)
        assert solution.ansatz.soft == ()
        start = points_of(self.domain.boundary(300, 1), self.domain.parts, ("bottom",))
        expected = self.start(start.x).value
        assert torch.allclose(solution.value(start.x), expected, atol=1e-13)
        assert torch.allclose(solution.gradient(start.x)[:, 1], expected, atol=1e-12)
        sides = points_of(self.domain.boundary(300, 1), self.domain.parts, ("left", "right"))
        assert solution.value(sides.x).abs().max() < 1e-12

    @pytest.mark.parametrize(("start", "sides"), [(1.0, 0.0), (0.0, 1.0)])
    def test_data_that_disagree_at_the_start_leave_the_initial_value_alone(self, start, sides):
        on_sides = dirichlet(self.domain, constant(sides), ("left", "right"))
        initial = (
            BoundaryCondition("dirichlet", ("bottom",), constant(start)),
            BoundaryCondition("rate", ("bottom",)),
        )
        problem = Problem(self.domain, wave(constant(1.0), 1.0), None, (*on_sides, *initial))
        solution = any_solution(problem)
        assert solution.ansatz.soft == on_sides
        x = torch.tensor([[0.2, 0.0], [0.5, 0.0]], dtype=torch.float64)
        assert (solution.value(x) - start).abs().max() < 1e-13


class TestPeriodic:
    def test_values_and_slopes_repeat(self):
        conditions = (
            BoundaryCondition("periodic", ("left", "right")),
            *dirichlet(SQUARE, parts=("bottom", "top")),
        )
        solution = any_solution(Problem(SQUARE, poisson(), vanishing, conditions))
        y = torch.linspace(0, 1, 20, dtype=torch.float64)
        left, right = (torch.stack([torch.full_like(y, x), y], 1) for x in (0.0, 2.0))
        assert torch.allclose(solution.value(left), solution.value(right), atol=1e-12)
        assert torch.allclose(solution.gradient(left), solution.gradient(right), atol=1e-11)


class TestSolution:
    def test_derivatives_agree_with_differences(self):
        solution = any_solution(Problem(SQUARE, poisson(), vanishing, dirichlet(SQUARE, constant(1.0))))
        x, h = SQUARE.interior(50, 2), 1e-5
        steps = torch.eye(2, dtype=torch.float64) * h
        first = [(solution.value(x + s) - solution.value(x - s)) / (2 * h) for s in steps]
        second = [
            (solution.value(x + s) - 2 * solution.value(x) + solution.value(x - s)) / h**2 for s in steps
        ]
        assert torch.allclose(solution.gradient(x), torch.stack(first, 1), atol=1e-7)
        assert torch.allclose(solution.laplacian(x), sum(second), atol=1e-4)

    def test_residuals_are_those_of_the_rows(self):
        domain = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])
        problem = Problem(domain, poisson(), lambda x: x[:, 0], dirichlet(domain))
        solution = any_solution(problem)
        assert len(solution.ansatz.columns) > 10
        x = domain.interior(30, 0)
        rows = problem.interior_rows(x)
        assert torch.allclose(solution.residual(rows), -solution.laplacian(x) - x[:, 0], atol=1e-9)
        weighted = Rows(x, torch.zeros(30), alpha=x[:, 1])
        assert torch.allclose(solution.of(weighted)[0], x[:, 1] * solution.value(x))


def test_a_shape_with_one_sine_layer_is_enough():
    shape = SirenShape(inputs=2, outputs=1, width=30, hidden_layers=0, omega_0=1.0)
    assert shape.sizes == (2, 30, 1)
