"""Point sources: their field solves the equation everywhere, in the layer and in the source."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import hankel2

from sdf_siren.conditions import AbsorbingLayer, PointSource, helmholtz, incident_field
from sdf_siren.jets import Jet

K = 20.0
LAYER = AbsorbingLayer((-1, -1), (1, 1), 0.5)
SOURCE = PointSource((0.1, -0.05), 0.01, 2.0 - 1.0j)


def points(n, size, seed=0):
    x = torch.rand(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1
    return x * size


@pytest.mark.parametrize("layer", [None, LAYER])
@pytest.mark.parametrize(("middle", "size"), [((0.0, 0.0), 1.0), ((0.1, -0.05), 0.03)])
def test_it_solves_the_equation(layer, middle, size):
    x = points(300, size) + torch.tensor(middle, dtype=torch.float64)
    operator = helmholtz(lambda x: Jet.constant(K, x), layer)
    density = SOURCE.density(x)
    residual = operator.applied(SOURCE.field(x, K, layer), x) - density
    assert residual.abs().max() < 1e-12 * SOURCE.density(torch.tensor([[0.1, -0.05]])).abs()


@pytest.mark.parametrize(("size", "step"), [(1.0, 1e-6), (0.02, 1e-7)])
def test_derivatives_agree_with_differences(size, step):
    x = points(100, size) + torch.tensor([0.1, -0.05], dtype=torch.float64)
    jet = SOURCE.field(x, K, LAYER)
    for axis in range(2):
        shift = torch.zeros(2, dtype=torch.float64)
        shift[axis] = step
        after, before = SOURCE.field(x + shift, K, LAYER), SOURCE.field(x - shift, K, LAYER)
        slope = (after.value - before.value) / (2 * step)
        curvature = (after.gradient - before.gradient) / (2 * step)
        assert (slope - jet.gradient[:, axis]).abs().max() < 1e-6 * jet.gradient.abs().max()
        assert (curvature - jet.hessian[:, axis]).abs().max() < 1e-6 * jet.hessian.abs().max()


def test_far_away_it_is_a_hankel_function():
    x = points(50, 1.0) + torch.tensor([3.0, 0.0], dtype=torch.float64)
    r = (x - torch.tensor([0.1, -0.05])).norm(dim=1).numpy()
    weight = (2.0 - 1.0j) * np.exp(-((K * 0.01) ** 2) / 2)
    assert np.allclose(SOURCE.field(x, K, None).value, 0.25j * weight * hankel2(0, K * r))


def test_the_density_has_its_amplitude_as_integral():
    t = torch.linspace(-0.08, 0.08, 321, dtype=torch.float64)
    x = torch.cartesian_prod(0.1 + t, -0.05 + t)
    integral = SOURCE.density(x).sum() * 0.0005**2
    assert complex(integral) == pytest.approx(2.0 - 1.0j)


def test_fields_add_up():
    other = PointSource((-0.2, 0.2), 0.02)
    x = points(20, 1.0)
    together = incident_field([SOURCE, other], K, LAYER)(x)
    expected = SOURCE.field(x, K, LAYER).value + other.field(x, K, LAYER).value
    assert torch.allclose(together.value, expected)
