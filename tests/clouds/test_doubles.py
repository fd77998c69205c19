"""Copies but for rounding go; what is merely dense, or has two sides, stays."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.doubles import without_doubles


def sphere(count: int = 2000) -> np.ndarray:
    points = np.random.default_rng(1).standard_normal((count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("rounding", [1e-9, 1e-6, 2e-5])
@pytest.mark.parametrize("copies", [2, 3, 12])
@pytest.mark.parametrize("place", [0.0, 5e5])
def test_the_first_of_each_stays(rounding, copies, place):
    points = sphere()
    shifts = rounding * np.random.default_rng(2).standard_normal((copies - 1, *points.shape))
    cloud = PointCloud(place + np.concatenate([points, *(points + shifts)]), np.tile(points, (copies, 1)))
    found = without_doubles(cloud)
    # Some of the points at random are that close to each other too.
    assert 0.99 * len(points) < len(found) <= len(points)
    assert np.isin(found.points[:, 0], cloud.points[: len(points), 0]).all()
    gone = (copies * len(points)) - len(found)
    assert found.notes == (
        f"{gone} of {copies * len(points)} points repeated another one but for rounding and were dropped",
    )


def test_a_scan_of_its_own_stays_as_it_is():
    cloud = PointCloud(sphere(5000))
    assert without_doubles(cloud) is cloud
    assert without_doubles(cloud.select(np.arange(60))).points.shape == (60, 3)


def test_rows_of_dense_points_stay():
    """A line scanner's points, a hundred times as near to each other as the rows are."""
    along, across = np.meshgrid(np.arange(500) * 0.001, np.arange(10) * 0.1)
    points = np.stack([along.ravel(), across.ravel(), 0.1 * np.sin(along.ravel())], axis=1)
    cloud = PointCloud(points)
    assert without_doubles(cloud) is cloud


def test_a_scan_that_is_dense_in_a_part_stays():
    far = sphere(3000)
    near = 1e-4 * np.random.default_rng(3).standard_normal((3000, 3)) + far[0]
    cloud = PointCloud(np.concatenate([far, near]))
    assert without_doubles(cloud) is cloud


@pytest.mark.parametrize(("turn", "gone"), [(-1.0, 0), (1.0, 2000), (np.nan, 2000)])
def test_two_sides_of_a_sheet_are_no_doubles(turn, gone):
    points = sphere()
    cloud = PointCloud(np.concatenate([points, points * (1 + 1e-5)]), np.concatenate([points, turn * points]))
    assert len(cloud) - len(without_doubles(cloud)) == pytest.approx(gone, abs=20)
