"""Points drawn evenly over a surface that has them unevenly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from sdf_siren.sampling.density import BENT, MOST, TELLING, areas, bends, cumulative, rows_at


def square(left: int, right: int) -> np.ndarray:
    """Points on a unit square, so many on either half."""
    rng = np.random.default_rng(0)
    points = np.c_[rng.uniform(0, 1, (left + right, 2)), np.zeros(left + right)]
    points[:, 0] = np.r_[0.5 * points[:left, 0], 0.5 + 0.5 * points[left:, 0]]
    return points


def sphere(count: int) -> np.ndarray:
    x = np.random.default_rng(0).standard_normal((count, 3))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_halves_of_a_square_have_half_each_whatever_their_points() -> None:
    points = square(4000, 600)
    shares = cumulative(areas(points, cKDTree(points)))
    assert shares[-1] == 1
    assert np.all(np.diff(shares) > 0)
    assert abs(shares[3999] - 0.5) < 0.05


def test_no_point_counts_for_much_more_or_less_than_a_typical_one() -> None:
    points = np.vstack([square(500, 500), [[50.0, 0, 0]]])
    found = areas(points, cKDTree(points))
    assert np.median(found) == 1
    assert found.max() == MOST
    assert found.min() >= 1 / MOST


def test_doubles_and_very_few_points_are_drawn_too() -> None:
    points = np.zeros((20, 3))
    assert np.array_equal(areas(points, cKDTree(points)), np.full(20, areas(points, cKDTree(points))[0]))
    few = sphere(3)
    tree = cKDTree(few)
    for found in (areas(few, tree), bends(few, few, tree, np.ones(3))):
        assert found.shape == (3,)
        assert np.all(found > 0)


def test_a_plane_is_drawn_alike_and_a_sphere_nearly() -> None:
    flat = square(300, 300)
    up = np.tile([0.0, 0.0, 1.0], (600, 1))
    assert np.array_equal(bends(flat, up, cKDTree(flat), np.ones(600)), np.ones(600))
    round_ = sphere(4000)
    found = bends(round_, round_, cKDTree(round_), np.ones(4000))
    assert found.mean() == pytest.approx(1)
    assert found.std() < 0.25


@pytest.mark.parametrize("count", [6000, TELLING + 5000])
def test_the_edges_of_a_box_are_drawn_more_often_than_its_faces(count: int) -> None:
    """Only the points within a few spacings of an edge see another face: they share BENT among them."""
    rng = np.random.default_rng(0)
    points, normals = rng.uniform(-1, 1, (count, 3)), np.zeros((count, 3))
    axis, side = rng.integers(3, size=count), rng.choice([-1.0, 1.0], count)
    points[np.arange(count), axis] = normals[np.arange(count), axis] = side
    found = bends(points, normals, cKDTree(points), np.ones(count))
    to_edge = np.sort(1 - abs(points), axis=1)[:, 1]
    assert np.allclose(found[to_edge > 0.2], 1 - BENT)
    assert found[to_edge < 0.04].mean() > 2
    assert found.mean() == pytest.approx(1, abs=0.1)  # what is close to an edge is cut off at MOST
    inward = bends(points, -normals, cKDTree(points), np.ones(count))
    assert np.allclose(inward, found)  # a groove bends as much as an edge


def test_normals_that_lean_are_not_drawn_more_often() -> None:
    """On a wall, beside a sphere: their neighbours contradict them."""
    wall = square(1000, 1000)
    normals = np.tile([0.0, 0.0, 1.0], (2000, 1))
    wrong = np.arange(0, 2000, 20)
    normals[wrong] = [0.6, 0.0, 0.8]
    points = np.vstack([wall, sphere(2000) * 0.3 + [0, 0, 2]])
    found = bends(points, np.vstack([normals, sphere(2000)]), cKDTree(points), np.ones(4000))
    assert found[wrong].max() < 0.9 < found[2000:].mean()


def test_bends_average_over_the_surface_not_over_the_points() -> None:
    points = np.vstack([sphere(2000), sphere(2000)[:200] * 0.3 + 3])
    normals = np.vstack([sphere(2000), sphere(2000)[:200]])
    weights = np.random.default_rng(1).uniform(0.1, 9, 2200)
    found = bends(points, normals, cKDTree(points), weights)
    assert np.average(found, weights=weights) == pytest.approx(1)


def test_rows_are_found_by_their_shares() -> None:
    shares = torch.tensor([0.1, 0.1, 0.7, 1.0], dtype=torch.float64)
    place = torch.linspace(0, 1, 1001, dtype=torch.float64)
    found = torch.bincount(rows_at(shares, place), minlength=4) / 1001
    assert torch.allclose(found, torch.tensor([0.1, 0.0, 0.6, 0.3]), atol=0.002)
    assert rows_at(shares[:3], place).max() == 2  # rounding may leave the last share below 1
