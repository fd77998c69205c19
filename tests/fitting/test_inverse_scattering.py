"""Slowness from receivers: data by other networks than those that invert them."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren.conditions import AbsorbingLayer, PointSource
from sdf_siren.domains import Box
from sdf_siren.errors import InputError
from sdf_siren.fitting.inverse_scattering import (
    Survey,
    WaveSystem,
    recover_slowness,
    simulate,
    window,
)


def ring(count, radius):
    angle = torch.arange(count, dtype=torch.float64) * 2 * math.pi / count
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


SURVEY = Survey(
    wavenumber=6.0,
    sources=tuple(PointSource(tuple(p), 0.03) for p in ring(5, 0.45).tolist()),
    receivers=ring(24, 0.47),
    box=Box([-1, -1], [1, 1]),
    layer=AbsorbingLayer((-1, -1), (1, 1), 0.5),
    centre=(0.05, 0.0),
    radius=0.38,
)


def spot(x):
    return 1 + 0.3 * torch.exp(-(x - x.new_tensor([0.1, -0.05])).square().sum(1) / (2 * 0.1**2))


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
    survey = Survey(6.0, pair, places, SURVEY.box, SURVEY.layer, SURVEY.centre, SURVEY.radius)
    heard = simulate(survey, spot)
    assert abs(heard[0, 1] - heard[1, 0]) < 0.02 * abs(heard[0, 1])


def test_the_receivers_answers_are_the_derivative_of_what_they_hear():
    system = WaveSystem(SURVEY, 0)
    base = spot(system.x)
    change = 0.2 * window(SURVEY, system.x)
    _, whole, answers = system.solve(base)
    step = 1e-4
    after, before = (system.solve(base + s * step * change)[0] for s in (1, -1))
    expected = (after - before) / (2 * step)
    found = -system.coupling * answers @ (change[:, None] * whole)
    assert (found - expected).norm() < 0.02 * expected.norm()


def test_a_spot_is_found_with_noise():
    heard = simulate(SURVEY, spot, seed=5)
    generator = torch.Generator().manual_seed(0)
    noise = [torch.randn(heard.shape, generator=generator, dtype=torch.float64) for _ in range(2)]
    heard = heard + 0.01 * heard.abs().square().mean().sqrt() / math.sqrt(2) * torch.complex(*noise)
    reports = []
    found = recover_slowness(SURVEY, heard, units=60, progress=reports.append)
    x = SURVEY.box.interior(2000, 3) * 0.4
    exact = spot(x)
    assert (found.value(x) - exact).norm() < 0.25 * (exact - 1).norm()  # a spot of a tenth of a wave
    assert found.misfits[-1] < 0.05
    assert found.misfits == sorted(found.misfits, reverse=True)
    assert reports[-1].done == reports[-1].total
    outside = ring(10, 0.6)
    assert torch.equal(found.value(outside), torch.ones(10, dtype=torch.float64))


@pytest.mark.parametrize("bad", [torch.zeros(3, 5), torch.full((24, 5), math.nan)])
def test_data_of_another_survey_are_refused(bad):
    with pytest.raises(InputError, match=r"expected finite data of shape \(24, 5\)"):
        recover_slowness(SURVEY, bad)
