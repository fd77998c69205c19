"""Surveys: what they know of themselves, and the squared slowness that is one outside its disk."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren.conditions import AbsorbingLayer, InverseProblem, PointSource, Slowness, Survey
from sdf_siren.conditions.surveys import window
from sdf_siren.domains import Ball, Box
from sdf_siren.fields import SirenShape, initialise

REGION = Ball([0.5, 0.0], 0.25)


def survey(receivers):
    box, layer = Box([-1, -1], [1, 1]), AbsorbingLayer((-1, -1), (1, 1), 0.2)
    sources = (PointSource((0.0, 0.5), 0.1), PointSource((0.0, -0.5), 0.1))
    return Survey(math.pi, sources, torch.tensor(receivers, dtype=torch.float64), box, layer, REGION)


def test_expectations():
    blurred, gap = survey([[0.1, 0.0], [0.9, 0.0]]).expectations
    assert "length 2 tell nothing of what repeats within 1:" in blurred
    assert "no receiver within 180 degrees" in gap
    assert (
        len(survey([[0.9, 0.0], [0.3, 0.4], [0.3, -0.4], [0.1, 0.0], [0.6, 0.5], [0.6, -0.5]]).expectations)
        == 1
    )


def test_wavelength_and_places():
    found = survey([[0.0, 0.0]])
    assert found.wavelength == pytest.approx(2)
    assert found.source_positions.tolist() == [[0.0, 0.5], [0.0, -0.5]]
    assert InverseProblem(found, torch.zeros(1, 2)).domain is found.box


@pytest.mark.parametrize(
    ("receivers", "gap"),
    [
        ([[0.9, 0.0], [0.5, 0.4], [0.1, 0.0], [0.5, -0.4]], 90),
        ([[0.1, 0.0], [0.9, 0.0]], 180),
        ([[0.5, 0.3]], 360),
    ],
)
def test_widest_gap(receivers, gap):
    assert survey(receivers).widest_gap == pytest.approx(gap)


def test_window():
    x = torch.tensor([[0.5, 0.0], [0.75, 0.0], [0.5, -0.125], [-0.9, 0.3]], dtype=torch.float64)
    assert window(REGION, x).tolist() == pytest.approx([1, 0, 0.75**3, 0])


def test_slowness_is_one_outside_its_disk():
    network = initialise(SirenShape(2, 1, 8, 1), seed=0, dtype=torch.float64)
    slowness = Slowness(REGION, network)
    angle = torch.linspace(0, 6, 9, dtype=torch.float64)
    ring = torch.tensor(REGION.centre) + REGION.radius * torch.stack([angle.cos(), angle.sin()], 1)
    assert torch.allclose(slowness.value(ring), torch.ones(9, dtype=torch.float64), atol=1e-12)
    middle = torch.tensor([REGION.centre], dtype=torch.float64)
    assert slowness.value(middle).item() == pytest.approx(1 + network.value(middle).item())
