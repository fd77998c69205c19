"""Distances, and what a reduced mesh has of the full one, on spheres where all is known."""

from __future__ import annotations

import numpy as np
import pytest
from shown_runs import ball, shell

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.report.exhibit import ERROR, prepared


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize(("radius", "expected"), [(1.1, 0.1), (0.9, -0.1)])
def test_distances_are_positive_outside(radius, expected, offset):
    shown = prepared(ball(4, offset=offset), shell(300, radius, offset))
    np.testing.assert_allclose(shown.distances, expected, atol=2e-3)
    np.testing.assert_allclose(shown.residuals.median, 0.1, atol=2e-3)
    errors = shown.mesh.scalars[ERROR]
    np.testing.assert_allclose(errors[np.isfinite(errors)], expected, atol=2e-3)
    assert np.isfinite(errors).mean() > 0.9


def test_beyond_a_sharp_edge_is_outside():
    """There the closest face alone would be wrong as often as not."""
    angles = np.radians([0, 120, 240])
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(3)], axis=1)
    spike = Mesh(np.vstack([ring * 0.2, [[0, 0, 8]]]), np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    rng = np.random.default_rng(0)
    beyond = np.array([0, 0, 8.0]) + rng.normal(size=(200, 3)) * 0.02 + [0, 0, 0.1]
    shown = prepared(spike, PointCloud(beyond))
    assert (shown.distances > 0).all()


def test_where_no_point_is_near_nothing_is_known():
    half = shell(4000)
    half = half.select(half.points[:, 0] > 0)
    shown = prepared(ball(4), half)
    known = np.isfinite(shown.mesh.scalars[ERROR])
    assert known[shown.mesh.vertices[:, 0] > 0.1].all()
    assert not known[shown.mesh.vertices[:, 0] < -0.4].any()


def test_a_reduced_mesh_has_what_the_full_one_has_there():
    full = ball(5)
    x = full.vertices[:, 0]
    colours = np.round(127.5 + 127.5 * full.vertices).astype(np.uint8)
    described = Mesh(
        full.vertices, full.faces, full.normals, colours, {"x": x, "hole": np.full(len(x), np.nan)}
    )
    shown = prepared(described, None, faces=2000)
    assert len(shown.mesh.faces) <= 2000
    assert shown.faces_in_all == len(full.faces)
    unit = shown.mesh.vertices / np.linalg.norm(shown.mesh.vertices, axis=1, keepdims=True)
    np.testing.assert_allclose(shown.mesh.normals, unit, atol=0.02)
    np.testing.assert_allclose(shown.mesh.scalars["x"], unit[:, 0], atol=0.02)
    np.testing.assert_allclose(shown.mesh.colours, 127.5 + 127.5 * unit, atol=3)
    assert np.isnan(shown.mesh.scalars["hole"]).all()
    assert shown.residuals is None
    assert ERROR not in shown.mesh.scalars


def test_a_large_scan_is_thinned_evenly():
    cloud = shell(1000)
    coloured = PointCloud(cloud.points, cloud.normals, np.arange(3000).reshape(1000, 3).astype(np.uint8))
    shown = prepared(ball(2), coloured, points=300)
    assert len(shown.points) == 250
    assert shown.points_in_all == 1000
    np.testing.assert_array_equal(shown.points, cloud.points[::4])
    np.testing.assert_array_equal(shown.point_colours, coloured.colours[::4])


def test_one_point():
    shown = prepared(ball(2), PointCloud(np.array([[2.0, 0, 0]])))
    assert shown.residuals.median == shown.residuals.largest == pytest.approx(1, abs=0.05)


def test_nothing_to_show():
    with pytest.raises(EmptySurfaceError, match="no faces"):
        prepared(Mesh(np.zeros((3, 3)), np.zeros((0, 3))), None)
