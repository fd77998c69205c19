"""Never more triangles than asked for, and near the surface."""

from __future__ import annotations

import numpy as np
import pytest
from shown_runs import ball

from sdf_siren.artifacts import Mesh
from sdf_siren.report.reduction import reduced


@pytest.mark.parametrize("faces", [5000, 1000, 37])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_sphere_stays_one(faces, offset):
    full = ball(5, offset=offset)
    small = reduced(full, faces)
    assert 0.8 * faces < len(small.faces) <= faces
    radius = np.linalg.norm(small.vertices - offset, axis=1)
    assert np.abs(radius - 1).max() < 8 / faces
    assert set(small.faces.ravel()) == set(range(len(small.vertices)))


def test_a_small_mesh_is_left_alone():
    mesh = ball(2)
    assert reduced(mesh, len(mesh.faces)) is mesh


@pytest.mark.parametrize("faces", [100, 1000])
def test_loose_triangles_too(faces):
    """Nothing can be collapsed without losing a triangle."""
    corners = np.random.default_rng(0).normal(size=(4000, 1, 3))
    vertices = (corners + 0.01 * np.random.default_rng(1).normal(size=(4000, 3, 3))).reshape(-1, 3)
    soup = Mesh(vertices, np.arange(12000).reshape(-1, 3))
    assert 0 < len(reduced(soup, faces).faces) <= faces


def test_a_flat_square_keeps_its_border():
    side = np.linspace(0, 1, 60)
    grid = np.stack(np.meshgrid(side, side, [0.0], indexing="ij"), -1).reshape(-1, 3)
    corner = (np.arange(59)[:, None] * 60 + np.arange(59)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 60, corner + 1], 1), np.stack([corner + 1, corner + 60, corner + 61], 1)]
    )
    small = reduced(Mesh(grid, faces), 500)
    assert len(small.faces) <= 500
    np.testing.assert_allclose(small.vertices[:, 2], 0, atol=1e-6)
    np.testing.assert_allclose(
        [small.vertices.min(0), small.vertices.max(0)], [[0, 0, 0], [1, 1, 0]], atol=0.02
    )
