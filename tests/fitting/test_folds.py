"""Places beside folds: where they are asked for, and that their distances are true."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from sdf_siren.clouds.spacing import gauge
from sdf_siren.fitting.folds import CLEAR, NOWHERE, _agreement, beside_folds, closed_off
from sdf_siren.fitting.scan import OrientedScan


def scan_of(points, normals):
    points, normals = points.astype(np.float32), normals.astype(np.float32)
    tree = cKDTree(points)
    return OrientedScan(points, normals, tree, gauge(points, normals, tree))


def plane(height, up, count=4000, seed=0):
    generator = np.random.default_rng(seed)
    points = np.column_stack([generator.uniform(-0.5, 0.5, (count, 2)), np.full(count, height)])
    return points, np.tile([0, 0, 1.0 if up else -1.0], (count, 1))


MIDDLE = 0.025
"""Of a crevice, and of a box of tiles of 0.05."""


def walls(width):
    """A crevice: two planes that look at each other."""
    floor, roof = plane(MIDDLE - width / 2, True), plane(MIDDLE + width / 2, False, seed=1)
    return scan_of(np.concatenate([floor[0], roof[0]]), np.concatenate([floor[1], roof[1]]))


def test_a_flat_scan_has_none():
    found = beside_folds(scan_of(*plane(0.0, True)), 0.05)
    assert len(found.x) == len(found.distance) == len(found.rows) == 0
    assert found.x.shape == NOWHERE.x.shape


@pytest.mark.parametrize("width", [0.03, 0.06])
def test_between_walls_distances_are_those_to_the_nearer_wall(width):
    found = beside_folds(walls(width), 0.05)
    height = (found.x[:, 2] - MIDDLE).abs()
    between = height < width / 2
    true = width / 2 - height[between]
    assert between.sum() > 1000
    assert (found.distance[between] > 0).all()
    # Points are 0.016 apart: the nearest is farther than the wall, and a few times none is near.
    assert (found.distance[between] - true).abs().quantile(0.98) < 0.012
    behind = ~between
    assert behind.sum() > 1000
    torch.testing.assert_close(found.distance[behind], width / 2 - height[behind], atol=1e-6, rtol=0)


def test_no_point_of_the_scan_is_nearer_than_said():
    scan = walls(0.04)
    found = beside_folds(scan, 0.05)
    nearest = scan.tree.query(found.x.numpy())[0]
    assert (nearest >= CLEAR * found.distance.abs().numpy() - 1e-6).all()
    start = torch.from_numpy(scan.points)[found.rows]
    torch.testing.assert_close((found.x - start).norm(dim=1), found.distance.abs(), atol=1e-6, rtol=0)


def test_walls_far_apart_are_no_fold():
    assert len(beside_folds(walls(0.5), 0.05).x) == 0


def test_the_order_of_the_points_does_not_matter_to_the_last_bit():
    scan = walls(0.03)
    points, normals = torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
    normals = normals + 0.1 * torch.randn(normals.shape, generator=torch.Generator().manual_seed(0))
    shuffle = torch.randperm(len(points), generator=torch.Generator().manual_seed(1))
    here, there = _agreement(points, normals, 0.05), _agreement(points[shuffle], normals[shuffle], 0.05)
    assert here.min() < 0.5
    assert torch.equal(here[shuffle], there)


def noisy_plane(scatter=0.004, turned=0.2, count=10_000):
    """Points (n, 3), normals (n, 3) and the values (n,) of the plane's own distance there."""
    generator = np.random.default_rng(0)
    points, normals = plane(0.0, True, count)
    points = points + generator.normal(scale=scatter, size=points.shape)
    normals = normals + generator.normal(scale=turned, size=normals.shape)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    points, normals = torch.from_numpy(points).float(), torch.from_numpy(normals).float()
    return points, normals, points[:, 2].clone()


def test_noise_closes_nothing():
    assert closed_off(*noisy_plane()).float().mean() < 1e-3


@pytest.mark.parametrize("side", [-1, 1])
def test_what_misses_by_more_than_the_noise_is_closed_and_what_is_beside_it_is_not(side):
    points, normals, value = noisy_plane()
    distance = points[:, :2].norm(dim=1)
    filled = distance < 0.08
    found = closed_off(points, normals, value + side * 0.01 * filled)
    assert found[filled].float().mean() > 0.9
    assert found[distance > 0.12].float().mean() < 1e-3


def test_the_two_walls_of_a_crevice_are_told_apart_by_their_normals():
    # Where a crevice is closed halfway, the values on its walls are wrong by as much, with opposite signs.
    points, normals, value = noisy_plane(turned=0.1)
    wall = torch.arange(len(points)) % 2 == 0
    normals[wall] *= -1
    wrong = torch.where(wall, -0.012, 0.012)
    filled = points[:, :2].norm(dim=1) < 0.1
    found = closed_off(points, normals, value + wrong * filled)
    assert found[filled].float().mean() > 0.8


def test_a_scan_of_a_few_points_is_asked_too():
    points, normals, value = noisy_plane(count=5)
    assert closed_off(points, normals, value).shape == (5,)
