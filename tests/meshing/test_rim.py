"""Rims: smoother, on the surface, and nothing turns over."""

from __future__ import annotations

import numpy as np

from sdf_siren.artifacts import area_vectors
from sdf_siren.meshing.rim import smooth_rim


def strip(count: int = 40, rough: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two rows of squares in the plane, the upper edge of which is rough."""
    x = np.arange(count, dtype=float)
    rows = [np.stack([x, np.full(count, y), np.zeros(count)], axis=1) for y in (0.0, 1.0, 2.0)]
    rows[2][:, 1] += rough * np.random.default_rng(seed).uniform(-1, 1, count)
    a = np.arange(count - 1)
    quads = [np.stack([a, a + 1, a + 1 + count, a + count], axis=1) + k * count for k in (0, 1)]
    quads = np.concatenate(quads)
    return np.concatenate(rows), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def anywhere(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.ones(len(rows), dtype=bool)


UP = np.array([0.0, 0.0, 1.0])


def test_a_rough_rim_becomes_smoother_in_its_plane_and_the_inside_stays():
    vertices, faces = strip()
    moved = smooth_rim(vertices, np.tile(UP, (len(vertices), 1)), faces, anywhere)
    before, after = (np.diff(v[85:115, 1], 2).std() for v in (vertices, moved))
    assert after < before / 4
    np.testing.assert_array_equal(moved[:, 2], 0)
    np.testing.assert_array_equal(moved[41:79], vertices[41:79])
    assert (area_vectors(moved, faces) @ UP > 0).all()


def test_what_is_not_allowed_stays():
    vertices, faces = strip()
    moved = smooth_rim(vertices, np.tile(UP, (len(vertices), 1)), faces, lambda rows, places: rows < 100)
    np.testing.assert_array_equal(moved[100:], vertices[100:])
    assert (moved[90:95] != vertices[90:95]).any()


def test_faces_do_not_turn_over():
    vertices, faces = strip(rough=0.0)
    vertices[100, 1] = 9.0  # smoothing pulls its neighbours up and itself down
    vertices[60, 1] = 7.0  # below it, in the way
    moved = smooth_rim(vertices, np.tile(UP, (len(vertices), 1)), faces, anywhere)
    assert (moved != vertices).any()
    assert (area_vectors(moved, faces) @ UP > 0).all()


def test_a_closed_surface_has_no_rim():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    np.testing.assert_array_equal(smooth_rim(vertices, np.eye(4, 3), faces, anywhere), vertices)
