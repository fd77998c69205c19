"""A survey small enough for tests, and what lies in its middle."""

from __future__ import annotations

import math

import torch

from sdf_siren.conditions import AbsorbingLayer, PointSource, Survey
from sdf_siren.domains import Ball, Box


def ring(count, radius):
    """Positions (count, 2) around the origin."""
    angle = torch.arange(count, dtype=torch.float64) * 2 * math.pi / count
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


SURVEY = Survey(
    wavenumber=4.0,
    sources=tuple(PointSource(tuple(p), 0.03) for p in ring(5, 0.45).tolist()),
    receivers=ring(24, 0.47),
    box=Box([-0.8, -0.8], [0.8, 0.8]),
    layer=AbsorbingLayer((-0.8, -0.8), (0.8, 0.8), 0.3),
    region=Ball([0.05, 0.0], 0.38),
)


def spot(x):
    """A squared slowness (n,): a Gaussian a sixteenth of a wave wide."""
    return 1 + 0.3 * torch.exp(-(x - x.new_tensor([0.1, -0.05])).square().sum(1) / (2 * 0.1**2))


def noisy(heard, level, seed=0):
    """Data with noise, relative to their root mean square."""
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(heard.shape, generator=generator, dtype=torch.float64) for _ in range(2)]
    return heard + level * heard.abs().square().mean().sqrt() / math.sqrt(2) * torch.complex(*parts)
