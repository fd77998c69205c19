"""Smoothing: noise goes, size stays."""

from __future__ import annotations

import numpy as np
from known_meshes import ball, without

from sdf_siren.artifacts import Mesh
from sdf_siren.meshing.smoothing import smoothed
from sdf_siren.metrics import topology


def test_noise_goes_and_size_stays() -> None:
    vertices, faces = ball()
    noisy = vertices * (1 + np.random.default_rng(0).normal(scale=0.01, size=(len(vertices), 1)))
    found = smoothed(noisy, faces, 10)
    radius = np.linalg.norm(found, axis=1)
    assert radius.std() < 0.4 * 0.01
    assert abs(radius.mean() - 1) < 0.002
    before, after = (topology(Mesh(each, faces)).volume for each in (vertices, smoothed(vertices, faces, 10)))
    assert abs(after / before - 1) < 0.003


def test_the_rim_stays() -> None:
    vertices, faces = ball(3)
    vertices, faces = without(vertices, faces, vertices[:, 2] > 0.3)
    noisy = vertices + np.random.default_rng(0).normal(scale=0.01, size=vertices.shape)
    found = smoothed(noisy, faces, 3)
    moved = (found != noisy).any(axis=1)
    rim = vertices[:, 2] > vertices[~moved, 2].min() - 1e-9
    np.testing.assert_array_equal(found[~moved], noisy[~moved])
    assert 20 < (~moved).sum() < 80
    assert rim[~moved].all()


def test_no_rounds_and_vertices_without_faces() -> None:
    vertices, faces = ball(1)
    np.testing.assert_array_equal(smoothed(vertices, faces, 0), vertices)
    stray = np.concatenate([vertices, [[9.0, 9, 9]]])
    np.testing.assert_array_equal(smoothed(stray, faces, 2)[-1], [9, 9, 9])
