"""The ladder: blind choices, stopping, and going on."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren import jets
from sdf_siren.conditions import BoundaryCondition, Problem, helmholtz, poisson, wave
from sdf_siren.domains import Box, Polygon
from sdf_siren.errors import DivergenceError
from sdf_siren.fitting.ladder import ALIKE, Ladder, Trial, chosen, first_candidates
from sdf_siren.fitting.least_squares import Candidate
from sdf_siren.jets import Jet

SQUARE = Box([0, 0], [1, 1])
pytestmark = pytest.mark.filterwarnings("error")


def constant(c):
    return lambda x: Jet.constant(c, x)


def product_of_sines(a, b):
    def evaluate(x):
        u, v = Jet.coordinates(x)
        return jets.sin(u * a) * jets.sin(v * b)

    return evaluate


def manufactured(domain, exact, operator):
    conditions = (BoundaryCondition("dirichlet", domain.parts),)
    return Problem(domain, operator, lambda x: operator.applied(exact(x), x), conditions, exact)


def error(problem, solution):
    x = problem.domain.interior(2000, 123)
    exact = problem.exact(x).value
    return float((solution.value(x) - exact).norm() / exact.norm())


class TestBlind:
    """Nothing of the solution is known: the choices come from residuals on fresh points."""

    def test_poisson(self):
        problem = manufactured(SQUARE, product_of_sines(math.pi, math.pi), poisson())
        solution, best, reason = Ladder(problem).climb()
        assert error(problem, solution) < 1e-12
        assert best.indicator < 1e-10
        assert reason == "the residual on fresh points is below 1e-10"

    def test_helmholtz_at_a_higher_frequency(self):
        domain = Box([-1, -1], [1, 1])
        problem = manufactured(
            domain, product_of_sines(math.pi, 4 * math.pi), helmholtz(lambda x: Jet.constant(1.0, x))
        )
        solution, _, _ = Ladder(problem).climb()
        assert error(problem, solution) < 1e-11

    def test_two_scales_in_one_dimension(self):
        def exact(x):
            (u,) = Jet.coordinates(x)
            return jets.sin(u * (2 * math.pi)) + jets.sin(u * (50 * math.pi)) * 0.1

        problem = manufactured(Box([0], [1]), exact, poisson())
        solution, _, _ = Ladder(problem).climb()
        assert error(problem, solution) < 1e-10

    def test_a_wave(self):
        def exact(x):
            u, t = Jet.coordinates(x)
            return jets.sin(u * math.pi) * jets.cos(t * (2 * math.pi))

        conditions = (
            BoundaryCondition("dirichlet", ("left", "right")),
            BoundaryCondition("dirichlet", ("bottom",), exact),
            BoundaryCondition("rate", ("bottom",)),
        )
        problem = Problem(SQUARE, wave(constant(2.0), 2.0), None, conditions, exact)
        solution, _, _ = Ladder(problem).climb()
        assert error(problem, solution) < 1e-10

    def test_a_reentrant_corner(self):
        """-lap u = 1 on an L; the reference is the same problem by another seed and other networks."""
        domain = Polygon([(0, 0), (1, 0), (1, -1), (-1, -1), (-1, 1), (0, 1)])
        conditions = (BoundaryCondition("dirichlet", domain.parts),)
        problem = Problem(domain, poisson(), lambda x: torch.ones_like(x[:, 0]), conditions)
        first, second = (Ladder(problem, last_width=400, seed=seed).climb()[0] for seed in (0, 1))
        x = domain.interior(500, 7)
        assert (first.value(x) - second.value(x)).abs().max() < 1e-7

        edge = domain.boundary(3000, 5)
        assert first.value(edge.x).abs().max() < 1e-8


class TestStopping:
    problem = manufactured(SQUARE, product_of_sines(math.pi, math.pi), poisson())

    def test_at_the_widest_network(self):
        ladder = Ladder(self.problem, tolerance=0.0, last_width=200)
        _, _, reason = ladder.climb()
        assert reason == "the widest network allowed has 200 units"
        assert {trial.candidate.width for trial in ladder.trials} == {200}

    def test_when_wider_is_no_better(self):
        ladder = Ladder(self.problem, tolerance=0.0, last_width=10**6)
        _, best, reason = ladder.climb()
        assert reason == "a network twice as wide did not halve the residual on fresh points"
        assert best.indicator < 1e-14

    def test_no_finite_answer_is_an_error(self, monkeypatch):
        monkeypatch.setattr(
            "sdf_siren.fitting.ladder.solved",
            lambda *_: (_ for _ in ()).throw(torch.linalg.LinAlgError("not full rank")),
        )
        with pytest.raises(DivergenceError, match=r"no network gave a finite solution; .* other units"):
            Ladder(self.problem, last_width=200).climb()

    def test_no_solution_is_an_error(self):
        slopes = (BoundaryCondition("neumann", ("left", "right")),)
        problem = Problem(Box([0], [1]), poisson(), lambda x: torch.ones(len(x)).double(), slopes)
        with pytest.raises(DivergenceError, match="no network came near a solution: on fresh"):
            Ladder(problem, last_width=200).climb()


class TestGoingOn:
    def test_known_trials_are_not_repeated(self):
        problem = TestStopping.problem
        whole = Ladder(problem, tolerance=0.0, last_width=400)
        solution, best, _ = whole.climb()
        reported = []
        resumed = Ladder(
            problem, tolerance=0.0, last_width=400, trials=whole.trials[:15], report=reported.append
        )
        again, best_again, _ = resumed.climb()
        assert resumed.trials == whole.trials
        assert reported == whole.trials[15:]
        assert best_again == best
        assert all(
            torch.equal(a, b)
            for a, b in zip(solution.network.parameters, again.network.parameters, strict=True)
        )


class TestChoice:
    def test_of_equals_the_one_with_the_smallest_coefficients(self):
        trials = [
            Trial(Candidate(200, 1, 1.0), 1e-9, 1e8),
            Trial(Candidate(200, 1, 2.0), 1e-9 * ALIKE * 0.9, 1e2),
            Trial(Candidate(200, 1, 4.0), 1e-9 * ALIKE * 1.1, 1e-3),
        ]
        assert chosen(trials) == trials[1]

    def test_without_any_finite_one_the_first(self):
        trials = [Trial(Candidate(200, 1, 1.0), math.inf, math.inf)] * 2
        assert chosen(trials) is trials[0]

    def test_candidates_reach_the_finest_waves_that_units_can_tell_apart(self):
        for dimension in (1, 2, 5):
            bandwidths = [c.bandwidth for c in first_candidates(dimension, 400) if c.depth == 1]
            assert bandwidths == sorted(bandwidths)
            assert 2 * 400 ** (1 / dimension) < bandwidths[-1] <= 3 * 400 ** (1 / dimension)
