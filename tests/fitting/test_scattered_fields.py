"""What receivers hear: nothing without a scatterer, in proportion, and either way round."""

from __future__ import annotations

import torch
from surveys import SURVEY, ring, spot

from sdf_siren.conditions import PointSource, Survey
from sdf_siren.conditions.surveys import window
from sdf_siren.fitting.scattered_fields import WaveSystem, simulate


def test_nothing_in_the_way_is_not_heard():
    assert simulate(SURVEY, lambda x: torch.ones_like(x[:, 0])).abs().max() < 1e-12


def test_weak_scatterers_are_heard_in_proportion():
    """Born's approximation: half the anomaly, half the field, up to its square."""
    small, half = (simulate(SURVEY, lambda x, a=a: 1 + a * (spot(x) - 1)) for a in (0.02, 0.01))
    assert (small - 2 * half).norm() < 0.02 * small.norm()


def test_receivers_and_sources_may_be_exchanged():
    """Reciprocity: a receiver hears in a source's place what the source would hear in the receiver's."""
    places = ring(2, 0.45)
    pair = tuple(PointSource(tuple(p), 1e-4) for p in places.tolist())
    survey = Survey(4.0, pair, places, SURVEY.box, SURVEY.layer, SURVEY.region)
    heard = simulate(survey, spot)
    assert abs(heard[0, 1] - heard[1, 0]) < 0.05 * abs(heard[0, 1])


def test_the_receivers_answers_are_the_derivative_of_what_they_hear():
    system = WaveSystem(SURVEY, 0)
    base = spot(system.x)
    change = 0.2 * window(SURVEY.region, system.x)
    _, whole, answers = system.solve(base)
    step = 1e-4
    after, before = (system.solve(base + s * step * change)[0] for s in (1, -1))
    expected = (after - before) / (2 * step)
    found = -system.coupling * answers @ (change[:, None] * whole)
    assert (found - expected).norm() < 0.02 * expected.norm()
