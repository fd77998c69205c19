"""Levenberg-Marquardt: its Jacobian, its projection, what steps reach, and that it can be interrupted."""

from dataclasses import replace

import pytest
import torch
from boundary_problems import cubic, linear, oscillating, relative_error

from sdf_siren.conditions import Solution, ansatz_for
from sdf_siren.errors import UsageError
from sdf_siren.fields import Siren
from sdf_siren.fitting import levenberg_marquardt
from sdf_siren.fitting.damped import Damped
from sdf_siren.fitting.least_squares import Candidate, collocate, design, frozen_network, solved
from sdf_siren.fitting.levenberg_marquardt import LevenbergMarquardt, jacobian, misses_at
from sdf_siren.fitting.linearisation import Equations, misses
from sdf_siren.fitting.newton import newton

SMALL = Candidate(24, 1, 6.0)
DEEP = Candidate(20, 2, 4.0)


def prepared(problem, candidate=SMALL, seed=0):
    ansatz = ansatz_for(problem)
    equations = Equations.of(problem, ansatz, collocate(problem, ansatz, 120, 0))
    return equations, newton(frozen_network(problem, ansatz, candidate, seed), equations)


def with_parameters(solution, flat):
    network = solution.network
    parts = flat.split([p.numel() for p in network.parameters])
    shaped = [part.view_as(p) for part, p in zip(parts, network.parameters, strict=True)]
    layers = len(network.weights)
    moved = Siren(network.shape, shaped[:layers], shaped[layers:])
    return Solution(solution.ansatz, moved, solution.amplitudes)


@pytest.mark.parametrize("candidate", [SMALL, DEEP], ids=["one layer", "two layers"])
def test_the_jacobian_is_the_derivative_of_a_nonlinear_residual(candidate):
    equations, solution = prepared(cubic(10.0), candidate)
    flat = torch.cat([p.flatten() for p in solution.network.parameters])
    direction = torch.randn(len(flat), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    step = 1e-5
    ahead, behind = (
        misses_at(equations, with_parameters(solution, flat + sign * step * direction)) for sign in (1, -1)
    )
    slope = jacobian(solution, equations.at(solution), projected=False) @ direction
    torch.testing.assert_close(
        (ahead - behind) / (2 * step), slope, rtol=1e-6, atol=1e-6 * float(slope.norm())
    )


def test_a_step_on_the_output_layer_solves_a_linear_problem():
    equations, start = prepared(linear(), Candidate(12, 1, 3.0))
    ansatz = equations.ansatz
    zero = Solution(
        ansatz, frozen_network(equations.problem, ansatz, Candidate(12, 1, 3.0), 0), start.amplitudes
    )
    here = equations.at(zero)
    hidden = sum(p.numel() for p in zero.network.weights[:-1])
    whole = jacobian(zero, here, projected=False)
    output = torch.cat([whole[:, hidden : hidden + 12], whole[:, -1:]], dim=1)
    y = Damped(output).solver(1e-30)(misses(here, zero))
    end = output @ y + misses(here, zero)
    assert float(end.norm()) == pytest.approx(equations.residual(start), rel=1e-6)


def test_the_projected_jacobian_leaves_nothing_to_the_output_layer():
    equations, solution = prepared(cubic())
    here = equations.at(solution)
    columns = jacobian(solution, here, projected=True)
    matrix = design(solution.network, here)[0]
    overlap = (matrix / matrix.norm(dim=0)).T @ (columns / columns.norm(dim=0))
    assert float(overlap.abs().max()) < 1e-8


def test_with_frozen_hidden_layers_variable_projection_is_least_squares():
    problem = linear()
    search = LevenbergMarquardt(problem, candidate=SMALL, steps=0)
    solution, indicator, reason = search.run()
    ansatz = ansatz_for(problem)
    count = solution.network.parameter_count
    network = frozen_network(problem, ansatz, SMALL, 0)
    direct = solved(network, ansatz, collocate(problem, ansatz, count, 0))
    assert torch.equal(solution.network.weights[-1], direct.network.weights[-1])
    assert indicator > 0
    assert reason == "0 steps were allowed"


@pytest.mark.parametrize("projected", [True, False])
def test_steps_lower_the_residual(projected):
    steps = []
    search = LevenbergMarquardt(
        oscillating(), candidate=Candidate(40, 1, 14.0), steps=25, projected=projected
    )
    before = search.indicator
    _, indicator, _ = search.run(steps.append)
    residuals = [step.residual for step in steps]
    assert [step.number for step in steps] == list(range(1, 26))
    assert residuals == sorted(residuals, reverse=True)
    assert indicator == min(step.indicator for step in steps) < 0.02 * before


def test_a_nonlinear_problem_is_solved():
    problem = cubic()
    search = LevenbergMarquardt(problem, candidate=Candidate(40, 1, 6.0), steps=80, tolerance=2e-5)
    solution, indicator, reason = search.run()
    assert indicator <= 2e-5, reason
    assert "below 2e-05" in reason
    assert relative_error(problem, solution) < 1e-5


def test_curvature_is_what_holds_it_up(monkeypatch):
    """Without the acceleration along curved canyons the same number of steps gets less far."""

    def reached():
        search = LevenbergMarquardt(oscillating(), candidate=Candidate(40, 1, 14.0), steps=60)
        return search.run()[1]

    accelerated = reached()
    monkeypatch.setattr(levenberg_marquardt, "MOST_BENT", 0.0)
    assert accelerated < 0.5 * reached()


def test_it_stops_where_fresh_points_gain_nothing(monkeypatch):
    monkeypatch.setattr(levenberg_marquardt, "WORTHWHILE", 0.0)
    monkeypatch.setattr(levenberg_marquardt, "PATIENCE", 3)
    search = LevenbergMarquardt(linear(), candidate=SMALL, steps=50)
    _, _, reason = search.run()
    assert search.number == 3
    assert "did not lower the residual on fresh points" in reason


@pytest.mark.parametrize("projected", [True, False])
def test_a_resumed_search_equals_an_uninterrupted_one(projected):
    def new(steps):
        return LevenbergMarquardt(cubic(), candidate=SMALL, steps=steps, projected=projected)

    whole = new(8)
    whole.run()
    first = new(3)
    first.run()
    kept = {name: tensor.clone() for name, tensor in first.state().items()}
    second = new(8)
    second.restore(kept)
    second.run()
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, second.state()[name]), name


def test_a_start_is_chosen_blind():
    search = LevenbergMarquardt(linear(), steps=0)
    assert search.indicator < 1e-10
    assert search.run()[2].endswith("below 1e-10")


def test_complex_problems_are_refused():
    problem = linear()
    with pytest.raises(UsageError, match="needs a real problem"):
        LevenbergMarquardt(replace(problem, source=lambda x: problem.source_at(x) + 0j))
