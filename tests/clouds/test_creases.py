"""Planes beside the edges of exact solids, and none where a surface bends everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from solids import box, lying, sphere

from sdf_siren.clouds.creases import AGREEING, beside_creases


def asked(points: np.ndarray, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    return beside_creases(points, cKDTree(points), np.arange(len(points)) if rows is None else rows)


def test_beside_the_edges_of_a_box_the_plane_is_that_of_the_face() -> None:
    points, n = box(6000)
    spacing = np.sqrt(24 / 6000)
    edge = (1 - np.sort(np.abs(points), axis=1)[:, 1]) / spacing
    for low, high, right in ((0.1, 0.5, 0.94), (0.5, 1, 0.99), (1, 2, 1)):
        rows = np.flatnonzero((edge > low) & (edge <= high))
        normals, agreeing = asked(points, rows)
        assert (agreeing > AGREEING).mean() > 0.9
        assert np.mean(np.abs(np.einsum("nd,nd->n", normals, n[rows])) > 1 - 1e-4) >= right
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)


def test_beside_a_rim_the_end_of_a_cylinder_is_found() -> None:
    points, _ = lying(0.0)
    radius = np.linalg.norm(points[:, 1:], axis=1)
    rows = np.flatnonzero((np.abs(points[:, 0]) == 2) & (radius > 0.93) & (radius < 0.98))
    normals, agreeing = asked(points, rows)
    assert (agreeing > AGREEING).mean() > 0.9
    assert np.mean(np.abs(normals[:, 0]) > 1 - 1e-4) > 0.95


def test_on_a_sphere_hardly_any_neighbours_agree() -> None:
    points, n = sphere(500)
    normals, agreeing = asked(points)
    sure = agreeing > AGREEING
    assert sure.mean() < 0.06
    assert (np.abs(np.einsum("nd,nd->n", normals, n))[sure] > np.cos(np.radians(30))).all()


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_lengths_do_not_matter(scale: float) -> None:
    points, _ = box(500)
    normals, agreeing = asked(points)
    scaled, same = asked(points * scale)
    clear = agreeing > AGREEING
    np.testing.assert_allclose(same, agreeing, atol=1e-3)
    assert np.mean(np.abs(np.einsum("nd,nd->n", normals, scaled))[clear] > 1 - 1e-4) > 0.99


def test_points_that_are_there_many_times_do_no_harm() -> None:
    points, _ = box(500)
    normals, agreeing = asked(np.vstack([points, np.repeat(points[:1], 20, axis=0)]))
    assert np.isfinite(normals).all()
    assert np.isfinite(agreeing).all()


@pytest.mark.parametrize("count", [4, 9, 12])
def test_few_points_or_one_place_agree_on_nothing(count: int) -> None:
    for points in (np.random.default_rng(0).normal(size=(count, 3)), np.zeros((count, 3))):
        normals, agreeing = asked(points)
        assert np.isfinite(normals).all()
        assert (agreeing <= AGREEING).all()
