"""The gauge of sdf_siren.clouds.spacing against spheres of known density and noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.clouds.outliers import without_outliers
from sdf_siren.clouds.spacing import SAMPLE, gauge
from sdf_siren.errors import InputError


def sphere(count: int, seed: int = 0) -> np.ndarray:
    directions = np.random.default_rng(seed).normal(size=(count, 3))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


@pytest.mark.parametrize("noise", [0.003, 0.01, 0.04])
@pytest.mark.parametrize("count", [10_000, 40_000])
def test_known_noise_is_found(noise: float, count: int) -> None:
    normals = sphere(count)
    points = normals * (1 + noise * np.random.default_rng(1).normal(size=(count, 1)))
    found = gauge(points, normals)
    assert 0.85 * noise < found.noise < 1.1 * noise
    assert found.noisy


def test_noise_is_found_though_the_normals_were_estimated_from_it() -> None:
    """Normals that follow the noise hide a part of it, but not its size."""
    noise, points = 0.02, sphere(20_000)
    points = points * (1 + noise * np.random.default_rng(1).normal(size=(len(points), 1)))
    _, index = cKDTree(points).query(points, k=12)
    near = points[index] - points[index].mean(axis=1, keepdims=True)
    normals = np.linalg.eigh(near.swapaxes(1, 2) @ near)[1][:, :, 0]
    normals *= np.sign(np.einsum("ij,ij->i", normals, points))[:, None]
    assert 0.8 * noise < gauge(points, normals).noise < 1.1 * noise


def test_noise_of_a_thin_rod_is_not_its_thickness() -> None:
    """With 192 neighbours all around the rod, their spread is the rod's."""
    rng = np.random.default_rng(0)
    turn, along = rng.uniform(0, 2 * np.pi, 6000), rng.uniform(0, 40, 6000)
    normals = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    noise = 0.15
    points = np.stack([np.cos(turn), np.sin(turn), along], axis=1) + noise * rng.normal(size=(6000, 3))
    assert noise / 1.5 < gauge(points, normals).noise < 1.5 * noise


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["given normals", "estimated", "with outliers", "along the rays"])
def test_noise_in_percent_of_the_diagonal(noise: float, kind: str) -> None:
    normals = sphere(5000)
    length = noise / 100 * 2 * 3**0.5
    rng = np.random.default_rng(1)
    if kind == "along the rays":  # a range finder far away: it sees the error under all angles
        points = normals + length * rng.normal(size=(5000, 1)) * np.array([0.0, 0, 1])
        length *= 0.5  # the median of |cos| on a sphere
    else:
        points = normals + length * rng.normal(size=(5000, 3))
    if kind == "with outliers":
        points = np.vstack([points, rng.uniform(-1.2, 1.2, (250, 3))])
    if kind in ("estimated", "with outliers"):
        cloud = complete_normals(without_outliers(PointCloud(points)))
        points, normals = cloud.points, cloud.normals
    found = gauge(points, normals)
    assert found.noisy == (length > 0.1 * found.spacing)
    if noise:
        assert length / 1.5 < found.noise < 1.5 * length


def test_a_clean_sphere_is_clean_in_spite_of_its_curvature() -> None:
    normals = sphere(5000)
    found = gauge(normals, normals)
    # (n_i + n_j) . (p_j - p_i) = |p_j|^2 - |p_i|^2 = 0 exactly on a sphere.
    assert found.noise < 1e-15
    assert not found.noisy


def test_spacing_of_random_points_has_its_closed_form() -> None:
    count = 50_000
    points = sphere(count)
    # In the plane, P(nearest > r) = exp(-density pi r^2): the median is sqrt(ln 2 / (pi density)).
    expected = np.sqrt(np.log(2) / (np.pi * count / (4 * np.pi)))
    assert gauge(points, points).spacing == pytest.approx(expected, rel=0.03)


def test_perturbed_normals_read_as_noise_below_the_spacing() -> None:
    points = sphere(10_000)
    normals = points + 0.1 * np.random.default_rng(2).normal(size=points.shape)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    found = gauge(points, normals)
    assert 0 < found.noise < 0.15 * found.spacing


def test_units_scale_and_offset_do_not_matter() -> None:
    normals = sphere(3000)
    points = normals * (1 + 0.005 * np.random.default_rng(3).normal(size=(len(normals), 1)))
    one, other = gauge(points, normals), gauge(2.5 * points + 1e6, normals)
    assert other.spacing == pytest.approx(2.5 * one.spacing, rel=1e-6)
    assert other.noise == pytest.approx(2.5 * one.noise, rel=1e-6)


def test_the_callers_tree_and_the_same_seed_give_the_same_answer() -> None:
    points = sphere(SAMPLE + 1000)
    noisy = points * (1 + 0.01 * np.random.default_rng(4).normal(size=(len(points), 1)))
    assert gauge(noisy, points) == gauge(noisy, points, tree=cKDTree(noisy), seed=0)
    assert gauge(noisy, points) != gauge(noisy, points, seed=1)


def test_two_points_are_enough_and_one_is_not() -> None:
    points, normals = np.array([[0.0, 0, 0], [3, 0, 4]]), np.array([[0.0, 0, 1], [0, 0, 1]])
    found = gauge(points, normals)
    assert found.spacing == pytest.approx(5.0)
    assert found.noise == pytest.approx(4.0 / 0.954)
    with pytest.raises(InputError, match="two points"):
        gauge(points[:1], normals[:1])


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="normals must be"):
        gauge(np.zeros((4, 3)), np.zeros((3, 3)))
