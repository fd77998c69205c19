"""Off-surface points: sides are true, and the true distance lies within the bounds."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from sdf_siren.fields import Box, Sphere, Torus
from sdf_siren.losses import OffSurfaceHinge
from sdf_siren.sampling.indicator import Indicator
from sdf_siren.sampling.off_surface import CLEAR_OF_NOISE, far_from_surface, near_surface

SHAPES = [Sphere(0.6), Torus(0.6, 0.2), Box()]


def scan_of(shape, count, seed=0):
    """Feet of random points. Of a box only inner points: outer ones have their feet on its edges."""
    x = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    if isinstance(shape, Box):
        x *= torch.tensor(shape.half)
    value, gradient = shape.value_and_gradient(x)
    points = (x - value * gradient).float()
    return points.numpy(), gradient.float().numpy()


def groups_of(shape, count, noise=0.0):
    points, normals = scan_of(shape, count)
    rng = np.random.default_rng(3)
    points = (points + noise * rng.standard_normal(points.shape)).astype(np.float32)
    indicator = Indicator(points, normals)
    near = near_surface(
        points, normals, cKDTree(points), indicator, count=4000, spread=0.02, noise=noise, rng=rng
    )
    return near, far_from_surface(points, indicator, count=4000, rng=rng)


@pytest.mark.parametrize("count", [1000, 20_000])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_the_exact_distance_satisfies_the_bounds(shape, count):
    for group in groups_of(shape, count):
        assert len(group) > 500
        truth = shape.value(group.x.double())
        assert (group.side == truth.sign()).float().mean() > 0.995
        loss = OffSurfaceHinge()(truth.float(), None, group).loss
        # A scan drawn at random has gaps wider than its covering radius; few, and by little.
        assert (loss > 0).float().mean() < 0.02
        assert loss.mean() < 1e-4


def test_bounds_are_worth_something():
    near, far = groups_of(Sphere(0.6), 20_000)
    for group in (near, far):
        truth = Sphere(0.6).value(group.x.double()).abs().float()
        away = truth > 0.05
        assert (group.lower[away] / truth[away]).median() > 0.4
        assert (group.upper[away] / truth[away]).median() < 1.2


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_directions_are_those_of_the_exact_distance_outside(shape):
    near, far = groups_of(shape, 20_000)
    assert far.directions is None
    told = near.directions.abs().sum(dim=1) > 0
    truth, gradient = shape.value_and_gradient(near.x[told].double())
    torch.testing.assert_close(near.directions[told].norm(dim=1), torch.ones(int(told.sum())))
    assert told[near.side[:, 0] < 0].sum() == 0
    assert told.sum() > 0.55 * (near.side > 0).sum()
    away = near.directions[told].double() - gradient
    # Discs are as wide as half a gap between points, and the box's stand up to that far beyond its edges.
    assert away.norm(dim=1).median() < 0.04
    beyond = truth[:, 0] > 0.02
    assert away[beyond].norm(dim=1).mean() < 0.08


def test_no_direction_is_told_beyond_a_rim():
    points, normals = scan_of(Sphere(0.6), 20_000)
    cap = points[:, 2] > 0.2
    points, normals, rng = points[cap], normals[cap], np.random.default_rng(3)
    indicator = Indicator(points, normals)
    near = near_surface(
        points, normals, cKDTree(points), indicator, count=8000, spread=0.1, noise=0.0, rng=rng
    )
    told = near.directions.abs().sum(dim=1) > 0
    gradient = Sphere(0.6).value_and_gradient(near.x.double())[1]
    beyond = near.x[:, 2] < 0.15
    assert (near.side[beyond] > 0).sum() > 100
    assert told[beyond].sum() == 0
    assert told.sum() > 500
    assert (near.directions[told] * gradient[told]).sum(dim=1).min() > 0.7


def test_no_direction_is_told_within_the_noise():
    noise = 0.005
    near, _ = groups_of(Sphere(0.6), 20_000, noise=noise)
    told = near.directions.abs().sum(dim=1) > 0
    truth, gradient = Sphere(0.6).value_and_gradient(near.x[told].double())
    assert truth.min() > 0.5 * CLEAR_OF_NOISE * noise
    assert (near.directions[told] * gradient).sum(dim=1).mean() > 0.97


def test_the_sides_of_samples_are_true_in_spite_of_noise():
    near, _ = groups_of(Sphere(0.6), 20_000, noise=0.01)
    truth = Sphere(0.6).value(near.x.double())
    assert (near.side == truth.sign()).float().mean() > 0.995
    # Within the noise hardly any has one; a little beyond it, many have.
    assert (truth.abs() < 0.005).float().mean() < 0.02
    assert ((truth.abs() > 0.01) & (truth.abs() < 0.02)).float().mean() > 0.1


def test_the_same_source_of_randomness_gives_the_same_points():
    one, two = groups_of(Torus(), 2000), groups_of(Torus(), 2000)
    assert all(torch.equal(a.x, b.x) and torch.equal(a.lower, b.lower) for a, b in zip(one, two, strict=True))
    assert torch.equal(one[0].directions, two[0].directions)
