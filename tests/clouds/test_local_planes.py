"""Planes through neighbourhoods of exact shapes, clean, noisy and too large."""

from __future__ import annotations

import numpy as np
import pytest
from solids import box, plate, sphere, torus

from sdf_siren.clouds import local_planes
from sdf_siren.clouds.local_planes import fit_planes


def test_a_clean_scan_is_its_own_nodes() -> None:
    points, normals = torus()
    planes = fit_planes(points)
    assert planes.node_of is None
    assert planes.noise == 0
    np.testing.assert_array_equal(planes.nodes, points)
    np.testing.assert_array_less(0.9, np.abs(np.einsum("nd,nd->n", planes.normals, normals)))
    assert planes.areas.sum() == pytest.approx(4 * np.pi**2 * 0.4, rel=0.15)


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_noise_is_averaged_before_planes_are_fitted(noise: float) -> None:
    points, normals = sphere(20_000)
    noisy = points + noise * np.random.default_rng(0).normal(size=points.shape)
    planes = fit_planes(noisy)
    assert 0.6 * noise < planes.noise < 1.1 * noise
    assert planes.node_of is not None
    radius = np.linalg.norm(planes.nodes, axis=1)
    assert radius.std() < 0.4 * noise
    signs = np.sign(np.einsum("md,md->m", planes.normals, planes.nodes))
    found = planes.at_points(noisy, signs)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert np.einsum("nd,nd->n", found, normals).mean() > 0.98


def test_the_sides_of_a_thin_plate_stay_apart() -> None:
    points, normals = plate(3)
    planes = fit_planes(points)
    assert planes.noise == 0
    assert np.mean(np.abs(np.einsum("nd,nd->n", planes.normals, normals)) > 0.9) > 0.95


def test_planes_do_not_lie_across_edges() -> None:
    points, normals = box(6000)
    planes = fit_planes(points)
    cosine = np.abs(np.einsum("nd,nd->n", planes.faces, normals))
    edge = 1 - np.sort(np.abs(points), axis=1)[:, 1] < np.sqrt(24 / 6000)
    assert (planes.agreeing[edge] > 0).mean() > 0.5
    assert (cosine[edge] > 0.98).mean() > 0.93
    assert (cosine[~edge] > 0.99).mean() > 0.99


def test_large_scans_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_planes, "MOST_NODES", 3000)
    points, normals = sphere(10_000)
    planes = fit_planes(points)
    assert len(planes.nodes) <= 3000
    signs = np.sign(np.einsum("md,md->m", planes.normals, planes.nodes))
    assert (np.einsum("nd,nd->n", planes.at_points(points, signs), normals) > 0.95).all()


def test_four_points_are_enough() -> None:
    planes = fit_planes(np.vstack([np.zeros(3), np.eye(3)]))
    np.testing.assert_allclose(np.linalg.norm(planes.normals, axis=1), 1)
    assert (planes.areas > 0).all()
