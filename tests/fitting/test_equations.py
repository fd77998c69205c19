"""Whole problems: the answer, its story, and a state to go on from."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren import jets
from sdf_siren.conditions import BoundaryCondition, Problem, poisson
from sdf_siren.domains import Box
from sdf_siren.errors import UsageError
from sdf_siren.fitting import solve_problem
from sdf_siren.jets import Jet

SQUARE = Box([0, 0], [1, 1])


def exact(x):
    a, b = Jet.coordinates(x)
    return jets.sin(a * (3 * math.pi)) * jets.sin(b * math.pi)


PROBLEM = Problem(
    SQUARE,
    poisson(),
    lambda x: poisson().applied(exact(x), x),
    (BoundaryCondition("dirichlet", SQUARE.parts),),
    exact,
)


def test_the_answer_and_its_story():
    reports = []
    solved = solve_problem(PROBLEM, progress=reports.append)
    x = SQUARE.interior(500, 9)
    assert (solved.solution.value(x) - exact(x).value).abs().max() < 1e-10
    assert solved.solver == "least_squares"
    assert solved.reason.startswith("the equation is linear")
    assert solved.indicator == min(solved.history, key=lambda trial: trial["indicator"])["indicator"]
    assert len(reports) == len(solved.history)
    assert all(report.done <= report.total for report in reports)


def test_an_interrupted_solve_goes_on_and_ends_alike(tmp_path):
    path = str(tmp_path / "fit.checkpoint")
    whole = solve_problem(PROBLEM, width=400, tolerance=1e-300)

    class Stop(Exception):
        pass

    def stop_after_thirty(report, seen=[]):  # noqa: B006
        seen.append(report)
        if len(seen) == 30:
            raise Stop

    with pytest.raises(Stop):
        solve_problem(PROBLEM, width=400, tolerance=1e-300, progress=stop_after_thirty, checkpoint=path)
    again = solve_problem(PROBLEM, width=400, tolerance=1e-300, checkpoint=path, resume=True)
    assert len(again.history) == len(whole.history) - 30
    assert again.indicator == whole.indicator
    for a, b in zip(whole.solution.network.parameters, again.solution.network.parameters, strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_another_problem_is_refused(tmp_path):
    path = tmp_path / "fit.checkpoint"
    solve_problem(PROBLEM, width=200, checkpoint=path)
    with pytest.raises(UsageError, match="belongs to another"):
        solve_problem(PROBLEM, width=200, seed=1, checkpoint=path, resume=True)


def test_an_unknown_solver_is_a_usage_error():
    with pytest.raises(UsageError, match="must be one of auto, least_squares, levenberg_marquardt, training"):
        solve_problem(PROBLEM, solver="multigrid")


@pytest.mark.parametrize(
    "settings",
    [{"width": 0}, {"width": -5}, {"width": 2.5}, {"tolerance": math.nan}, {"tolerance": -1.0}],
)
def test_settings_out_of_range(settings):
    (name,) = settings
    with pytest.raises(UsageError, match=rf"^fit\.pde\.{name} must be"):
        solve_problem(PROBLEM, **settings)


class TestFreeConstant:
    """Conditions on derivatives alone leave a constant free."""

    INTERVAL = Box([0], [1])

    @pytest.fixture(autouse=True)
    def narrow(self, monkeypatch):
        monkeypatch.setattr("sdf_siren.fitting.ladder.FIRST_WIDTH", 40)

    def problem(self, kind, exact=None, coefficient=None):
        def source(x):
            wave = 1 if kind == "periodic" else 0.5
            return (2 * math.pi * wave) ** 2 * torch.cos(2 * math.pi * wave * x[:, 0])

        condition = BoundaryCondition(kind, ("left", "right"), coefficient=coefficient)
        return Problem(self.INTERVAL, poisson(), source, (condition,), exact)

    @pytest.mark.parametrize("kind", ["neumann", "robin", "periodic"])
    def test_the_mean_is_zero(self, kind):
        problem = self.problem(kind, coefficient=lambda x: Jet.constant(0.0, x))
        assert problem.leaves_constant_free
        solved = solve_problem(problem, width=40, tolerance=1e-6)
        assert "a constant free, chosen so that the mean is zero" in solved.reason
        x = self.INTERVAL.interior(500, 9)
        expected = torch.cos((2 if kind == "periodic" else 1) * math.pi * x[:, 0])
        assert (solved.solution.value(x) - expected).abs().max() < 1e-4

    def test_the_mean_is_that_of_the_exact_solution(self):
        def exact(x):
            return jets.cos(Jet.coordinates(x)[0] * math.pi) + 5

        solved = solve_problem(self.problem("neumann", exact), width=40, tolerance=1e-8)
        x = self.INTERVAL.interior(500, 9)
        assert (solved.solution.value(x) - exact(x).value).abs().max() < 1e-7

    def test_a_value_held_somewhere_leaves_none(self):
        assert not PROBLEM.leaves_constant_free


class TestNotLinear:
    problem = Problem(
        SQUARE,
        poisson(lambda xu: Jet.coordinates(xu)[-1] ** 3),
        lambda x: poisson(lambda xu: Jet.coordinates(xu)[-1] ** 3).applied(exact(x), x),
        (BoundaryCondition("dirichlet", SQUARE.parts),),
        exact,
    )

    def error(self, solved):
        x = SQUARE.interior(500, 9)
        return float((solved.solution.value(x) - exact(x).value).abs().max())

    def test_newton_is_chosen_and_exact(self):
        solved = solve_problem(self.problem)
        assert "Newton's method" in solved.reason
        assert self.error(solved) < 1e-9

    def test_levenberg_marquardt_goes_on_bit_for_bit(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sdf_siren.fitting.levenberg_marquardt.WIDTH", 40)
        path = tmp_path / "fit.checkpoint"
        whole = solve_problem(self.problem, solver="levenberg_marquardt", tolerance=1e-5)

        def stop(report):
            if report.done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            solve_problem(
                self.problem, solver="levenberg_marquardt", tolerance=1e-5, progress=stop, checkpoint=path
            )
        again = solve_problem(
            self.problem, solver="levenberg_marquardt", tolerance=1e-5, checkpoint=path, resume=True
        )
        assert len(whole.history) > 2
        assert again.indicator == whole.indicator
        assert self.error(again) < 1e-3


def test_training_is_a_solver_too(monkeypatch):
    monkeypatch.setattr("sdf_siren.fitting.equations.TRAINING_STEPS", 100)
    solved = solve_problem(PROBLEM, solver="training")
    first, last = solved.history[0]["indicator"], solved.history[-1]["indicator"]
    assert last < first
    assert solved.indicator < 1
