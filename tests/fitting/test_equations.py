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
    path = tmp_path / "fit.checkpoint"
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
    with pytest.raises(UsageError, match="must be one of auto, least_squares"):
        solve_problem(PROBLEM, solver="multigrid")
