"""The step that the closed form is timed against is the same step."""

from __future__ import annotations

import double_backward
import pytest
import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting.gradients import GradientEngine


@pytest.mark.parametrize("rows", [100, 40])
def test_autograd_and_closed_form_agree(rows: int) -> None:
    siren = initialise(SirenShape(3, 1, 16, 3), seed=0, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(100, 3, generator=generator, dtype=torch.float64)
    points = PointGroup(x, normals=x / x.norm(dim=1, keepdim=True))
    module = double_backward.SirenModule(siren)
    double_backward.step(module, points, rows)
    found, _ = GradientEngine(siren, double_backward.objective(), 1)({"surface": points}, 0.0)
    torch.testing.assert_close(torch.cat([g.reshape(-1) for g in found]), module.gradients())
