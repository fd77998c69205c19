"""Slowness from receivers: data by other networks than those that invert them."""

from __future__ import annotations

import math

import pytest
import torch
from surveys import SURVEY, noisy, ring, spot

from sdf_siren.conditions import InverseProblem
from sdf_siren.errors import InputError, UsageError
from sdf_siren.fitting.inverse_scattering import STRENGTHS, Recovery, recover_slowness
from sdf_siren.fitting.scattered_fields import simulate


@pytest.fixture(scope="module")
def problem():
    return InverseProblem(SURVEY, noisy(simulate(SURVEY, spot, seed=5), 0.01))


def places():
    return SURVEY.box.interior(2000, 3) * 0.5


def test_a_spot_is_found_with_noise(problem):
    reports = []
    found = recover_slowness(problem, units=40, progress=reports.append)
    exact = spot(places())
    assert (found.slowness.value(places()) - exact).norm() < 0.25 * (exact - 1).norm()
    assert found.misfit < 0.05
    assert found.misfits == sorted(found.misfits, reverse=True)
    assert found.strength in STRENGTHS
    assert found.held_out < 0.1
    assert torch.allclose(found.predicted, problem.heard, atol=0.1 * float(problem.heard.abs().max()))
    assert reports[-1].done == reports[-1].total == 3 * (len(STRENGTHS) + 1)
    outside = ring(10, 0.6)
    assert torch.equal(found.slowness.value(outside), torch.ones(10, dtype=torch.float64))


def test_a_given_strength_is_used(problem):
    found = recover_slowness(problem, units=30, steps=1, strength=0.02)
    assert found.strength == 0.02
    assert math.isnan(found.held_out)
    assert found.misfits == [1.0]


def test_strong_regularisation_changes_nothing(problem):
    found = recover_slowness(problem, units=30, steps=1, strength=1e9)
    assert (found.slowness.value(places()) - 1).abs().max() < 1e-6


@pytest.mark.parametrize(
    "settings",
    [
        {"units": 0},
        {"steps": 0},
        {"steps": 1.5},
        {"strength": math.nan},
        {"strength": -1.0},
        {"strength": 0.0},
    ],
)
def test_settings_out_of_range(problem, settings):
    (name,) = settings
    with pytest.raises(UsageError, match=rf"^fit\.slowness\.{name} must be"):
        recover_slowness(problem, **settings)


@pytest.mark.parametrize("limits", [(1.0, math.inf), (-math.inf, 1.1), (0.99, 1.1)])
def test_limits_are_kept(problem, limits):
    """The free answer breaks them; the one within them does not, but for a rest of the penalty."""
    free = recover_slowness(problem, units=40, steps=2, strength=1e-3).slowness.value(places())
    bounded = InverseProblem(SURVEY, problem.heard, limits)
    kept = recover_slowness(bounded, units=40, steps=2, strength=1e-3).slowness.value(places())

    def beyond(values):
        return float((values - values.clamp(*limits)).abs().max())

    assert beyond(kept) < 0.4 * beyond(free)


def test_limits_that_bind_nowhere_change_nothing(problem):
    loose = InverseProblem(SURVEY, problem.heard, (-50.0, 50.0))
    a, b = (recover_slowness(p, units=30, steps=2, strength=1e-2) for p in (problem, loose))
    assert torch.equal(a.slowness.network.weights[-1], b.slowness.network.weights[-1])


@pytest.mark.parametrize("stop", [4, 11])
def test_a_search_that_goes_on_ends_as_one_that_was_never_interrupted(problem, stop):
    settings = {"units": 30, "steps": 2}
    whole = Recovery(problem, **settings)
    states = []
    whole.run(lambda step: states.append(whole.state()))
    again = Recovery(problem, **settings)
    again.restore(states[stop - 1])
    assert again.done == stop
    again.run()
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, again.state()[name])
    assert (again.strength, again.best_held_out) == (whole.strength, whole.best_held_out)


def test_checkpoints(problem, tmp_path):
    path = tmp_path / "state"
    settings = {"units": 30, "steps": 1, "checkpoint": path}
    found = recover_slowness(problem, **settings)
    steps = []
    again = recover_slowness(problem, **settings, resume=True, progress=steps.append)
    assert not steps
    assert torch.equal(found.predicted, again.predicted)
    with pytest.raises(UsageError, match="belongs to another"):
        recover_slowness(problem, units=30, steps=1, seed=1, checkpoint=path, resume=True)


@pytest.mark.parametrize("bad", [torch.zeros(3, 5), torch.full((24, 5), math.nan)])
def test_data_of_another_survey_are_refused(bad):
    with pytest.raises(InputError, match=r"expected finite data of shape \(24, 5\)"):
        recover_slowness(InverseProblem(SURVEY, bad))
