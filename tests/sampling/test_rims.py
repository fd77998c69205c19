"""Rims: found where a surface ends, and nowhere on closed ones, be they curved, folded, thin or noisy."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sdf_siren.sampling.rims import TELLING, distance_to_rim, rim_points


def sphere(count, seed=0):
    x = np.random.default_rng(seed).standard_normal((count, 3))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def box(count, half, seed=0):
    """Points uniform on a box with half sides ``half``, and its normals."""
    rng, half = np.random.default_rng(seed), np.asarray(half)
    areas = np.prod(half) / half
    axis = rng.choice(3, size=count, p=areas / areas.sum())
    x = rng.uniform(-1, 1, (count, 3))
    x[np.arange(count), axis] = rng.choice([-1, 1], size=count)
    return x * half, np.where(np.arange(3) == axis[:, None], np.sign(x), 0.0)


@pytest.mark.parametrize("count", [1000, 10_000, 2 * TELLING])
def test_a_sphere_has_no_rim(count):
    points = sphere(count)
    assert len(rim_points(points, points, cKDTree(points))) < 3e-4 * min(count, TELLING)


@pytest.mark.parametrize("half", [(0.8, 0.8, 0.8), (0.9, 0.6, 0.01)], ids=["cube", "plate"])
def test_edges_are_no_rims(half):
    points, normals = box(10_000, half)
    assert len(rim_points(points, normals, cKDTree(points))) < 0.01 * 10_000


def test_noise_has_no_rim():
    rng, normals = np.random.default_rng(1), sphere(10_000)
    points = normals * (1 + 0.01 * rng.standard_normal((10_000, 1)))
    leaning = normals + 0.2 * rng.standard_normal((10_000, 3))
    leaning /= np.linalg.norm(leaning, axis=1, keepdims=True)
    assert len(rim_points(points, leaning, cKDTree(points))) < 0.01 * 10_000


@pytest.mark.parametrize("count", [5000, 2 * TELLING])
def test_the_rim_of_a_cap_is_found_and_nothing_else(count):
    points = sphere(count)
    points = points[points[:, 2] > 0.3]
    rim = rim_points(points, points, cKDTree(points))
    spacing = np.sqrt(4 * np.pi / min(count, TELLING))
    assert (rim[:, 2] > 0.3 + 4 * spacing).mean() < 0.01
    angle = np.linspace(0, 2 * np.pi, 90)
    circle = np.stack([np.cos(angle), np.sin(angle), np.full(90, 0.3)], axis=1) * [0.954, 0.954, 1]
    assert cKDTree(rim).query(circle)[0].max() < 5 * spacing


def test_the_distance_to_a_rim():
    points = sphere(5000)
    points = points[points[:, 2] > 0.3]
    top = np.array([[0.0, 0.0, 1.0]])
    assert distance_to_rim(top, points, points, cKDTree(points))[0] == pytest.approx(
        np.hypot(0.954, 0.7), abs=0.2
    )


def test_without_a_rim_it_is_infinitely_far():
    points = sphere(10_000)
    for few in (1, 20, 1000):
        part = points[:few]
        assert np.isinf(distance_to_rim(points[:5], part, part, cKDTree(part))).all()
