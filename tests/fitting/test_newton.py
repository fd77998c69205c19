"""Newton's method: it doubles the digits, halves steps that are too long, and climbs the ladder."""

import torch
from boundary_problems import cubic, linear, relative_error

from sdf_siren.conditions import ansatz_for
from sdf_siren.fitting import ladder
from sdf_siren.fitting import newton as newton_module
from sdf_siren.fitting.ladder import FIRST_WIDTH
from sdf_siren.fitting.least_squares import Candidate, collocate, frozen_network, solved
from sdf_siren.fitting.linearisation import Equations
from sdf_siren.fitting.newton import NewtonLadder, newton

CANDIDATE = Candidate(200, 1, 8.0)


def prepared(problem):
    ansatz = ansatz_for(problem)
    network = frozen_network(problem, ansatz, CANDIDATE, 0)
    return network, Equations.of(problem, ansatz, collocate(problem, ansatz, 200, 0))


def test_a_linear_problem_takes_one_solve():
    network, equations = prepared(linear())
    found = newton(network, equations)
    direct = solved(network, equations.ansatz, equations.collocation)
    assert torch.equal(found.network.weights[-1], direct.network.weights[-1])


def test_digits_double():
    network, equations = prepared(cubic(5.0))
    residuals = []
    found = newton(network, equations, report=lambda step, residual, length: residuals.append(residual))
    first = next(k for k, r in enumerate(residuals) if r < 1e-1)
    assert residuals[first + 1] < 2 * residuals[first] ** 2
    assert residuals[-1] < 1e-6
    assert relative_error(equations.problem, found) < 1e-7


def test_long_steps_are_halved():
    network, equations = prepared(cubic(1e4))
    lengths, residuals = [], []

    def report(step, residual, length):
        lengths.append(length)
        residuals.append(residual)

    found = newton(network, equations, report=report)
    assert min(lengths) < 1
    assert residuals == sorted(residuals, reverse=True)
    assert relative_error(equations.problem, found) < 1e-6


def test_a_good_start_leaves_little_to_do():
    network, equations = prepared(cubic(5.0))
    there = newton(network, equations)
    steps = []
    again = newton(
        network, equations, there, report=lambda step, residual, length: steps.append((step, residual))
    )
    assert equations.residual(again) <= 1.01 * equations.residual(there)
    assert len(steps) <= 2


def test_the_ladder_climbs_and_goes_on_as_if_never_interrupted():
    problem = cubic()
    tried = []
    whole = NewtonLadder(problem, tolerance=1e-6, last_width=FIRST_WIDTH, report=tried.append)
    solution, best, reason = whole.climb()
    assert best.indicator <= 1e-6, reason
    assert relative_error(problem, solution) < 1e-7
    resumed = NewtonLadder(problem, tolerance=1e-6, last_width=FIRST_WIDTH, trials=tried[: len(tried) // 2])
    again, best_again, _ = resumed.climb()
    assert best_again == best
    assert torch.equal(again.network.weights[-1], solution.network.weights[-1])


def test_wider_candidates_start_from_narrower_ones(monkeypatch):
    monkeypatch.setattr(ladder, "first_candidates", lambda dimension, width: [Candidate(width, 1, 11.0)])
    starts = []

    def spied(network, equations, start=None):
        starts.append(start)
        return newton(network, equations, start)

    monkeypatch.setattr(newton_module, "newton", spied)
    _, best, _ = NewtonLadder(cubic(), tolerance=1e-9, last_width=2 * FIRST_WIDTH).climb()
    assert best.candidate.width == 2 * FIRST_WIDTH
    assert best.indicator < 1e-9
    assert starts[0] is None
    assert starts[-1].network.shape.width == FIRST_WIDTH
