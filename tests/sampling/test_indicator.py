"""The Poisson indicator: right about sides away from the surface, whatever the shape."""

import numpy as np
import pytest
import torch

from sdf_siren.fields import Box, Sphere, Torus
from sdf_siren.sampling.indicator import Indicator


def sampled(shape, count, seed=0):
    """Points on the surface of a shape with exact normals, from the feet of random points."""
    x = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    value, gradient = shape.value_and_gradient(x)
    foot = x - value * gradient
    return foot.numpy(), shape.value_and_gradient(foot)[1].numpy()


@pytest.mark.parametrize("shape", [Sphere(0.6), Torus(0.6, 0.25), Box()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("count", [500, 40_000])
def test_sides_are_right_away_from_the_surface(shape, count):
    indicator = Indicator(*sampled(shape, count))
    x = np.random.default_rng(1).uniform(-1, 1, (5000, 3))
    truth = shape.value(torch.from_numpy(x)).numpy()[:, 0]
    clear = np.abs(truth) > 0.12
    assert clear.sum() > 1000
    assert (np.sign(indicator(x[clear])) == np.sign(truth[clear])).mean() > 0.999


def test_a_stray_point_does_not_claim_the_space_around_it():
    points, normals = sampled(Sphere(0.3), 2000)
    points = np.vstack([points, [[0.9, 0.9, 0.9]]])
    normals = np.vstack([normals, [[-1.0, 0.0, 0.0]]])
    indicator = Indicator(points, normals)
    assert indicator(np.array([[0.0, 0.0, 0.0]])) < 0 < indicator(np.array([[0.6, 0.6, 0.6]]))
