"""Figures of meshes whose errors are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import trimesh
from judge import NEAR, OneWay, eikonal_band, near_scan
from scipy.spatial import cKDTree

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.metrics import sample_surface


def ball(radius: float, at: float = 0.0) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return Mesh(np.asarray(shape.vertices) + np.array([at, 0, 0]), np.asarray(shape.faces))


def test_near_the_scan_only_what_was_scanned_counts() -> None:
    """Half of a ball is scanned; the mesh is right there, and 0.1 too small on the other half."""
    truth, frame = ball(0.9), Similarity((0.0, 0.0, 0.0), 1.0)
    vertices = truth.vertices * np.where(truth.vertices[:, :1] < -0.1, 0.8 / 0.9, 1)
    mesh = Mesh(vertices, truth.faces)
    points = sample_surface(truth, 50_000).points
    scan = cKDTree(points[points[:, 0] > 0])
    there, back = OneWay.between(mesh, truth, frame, 0), OneWay.between(truth, mesh, frame, 1)
    found = near_scan(there, back, scan)
    assert back.mean == pytest.approx(0.044, rel=0.1)
    assert found["completeness"] < 1e-6
    assert found["accuracy"] < 1e-6
    assert found["hausdorff"] < 1e-6
    assert found["seen"] is not None
    assert 0.5 < found["seen"] < 0.5 + NEAR / (2 * 0.9)


@pytest.mark.parametrize("slope", [1.0, 0.9, 1.2])
def test_the_slope_of_a_field_is_judged_in_the_band_only(slope: float) -> None:
    frame = Similarity((5.0, 0.0, 0.0), 2.0)

    def gradient(points: np.ndarray) -> np.ndarray:
        outward = frame.to_cube(points)
        length = np.linalg.norm(outward, axis=1, keepdims=True)
        in_band = np.abs(length - 0.9) < 0.0901 + 0.002  # the ball is a polyhedron
        return outward / length * np.where(in_band, slope, 100)

    field = SimpleNamespace(frame=frame, gradient=gradient)
    assert eikonal_band(field, ball(0.45, at=5.0)) == pytest.approx(abs(slope - 1), abs=1e-6)
