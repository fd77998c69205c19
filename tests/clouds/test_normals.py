"""Completing normals: given ones are believed, missing ones are estimated, flat scans are refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import check_volume, complete_normals, outward_share
from sdf_siren.errors import InputError


def directions(count: int = 2000, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def torus(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    u, v = np.random.default_rng(1).uniform(0, 2 * np.pi, (2, count))
    ring = np.stack([np.cos(u), np.sin(u), np.zeros(count)], axis=1)
    normals = np.cos(v)[:, None] * ring + np.sin(v)[:, None] * np.array([0, 0, 1.0])
    return ring + 0.4 * normals, normals


def test_given_normals_are_normalised_and_nothing_is_said() -> None:
    n = directions()
    lengths = np.random.default_rng(1).uniform(1e-6, 1e6, (len(n), 1))
    cloud = complete_normals(PointCloud(3 * n, n * lengths))
    assert cloud.normals is not None
    np.testing.assert_allclose(cloud.normals, n, atol=2e-7)
    assert cloud.notes == ()


def test_the_side_of_given_normals_is_believed() -> None:
    n = directions()
    cloud = complete_normals(PointCloud(n, -n))
    assert cloud.normals is not None
    np.testing.assert_allclose(cloud.normals, -n, atol=2e-7)


def test_a_few_bad_normals_are_taken_from_their_neighbours_and_counted() -> None:
    n = directions()
    given = n.astype(np.float32)
    given[:10] = 0
    given[10:15] = np.nan
    given[15] = np.inf
    cloud = complete_normals(PointCloud(n, given, notes=("earlier",)))
    assert cloud.normals is not None
    assert len(cloud) == len(n)
    assert (np.einsum("nd,nd->n", cloud.normals[:16], n[:16]) > 0.98).all()
    assert cloud.notes[0] == "earlier"
    assert cloud.notes[1].startswith("16 of 2000 normals are zero or not finite: 16 were taken")


def test_points_whose_neighbours_disagree_are_dropped() -> None:
    # A bad point half way between two spheres that nearly touch, with opposite normals around it.
    n = directions(400)
    shift = np.array([1.001, 0, 0])
    left, right = n - shift, n + shift
    caps = 1e-3 * np.array([[-1, 0, 0], [1, 0, 0], [-1, 1, 0], [1, -1, 0], [-1, 0, 2], [1, 0, 2]])
    cap_normals = np.array([[1.0, 0, 0], [-1, 0, 0]] * 3)
    points = np.vstack([left, right, caps, [[0, 0, 0]]])
    normals = np.vstack([n, n, cap_normals, [[0, 0, 0]]])
    cloud = complete_normals(PointCloud(points, normals))
    assert len(cloud) == len(points) - 1
    assert "1 points with unclear neighbours were dropped" in cloud.notes[0]


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("shape", ["sphere", "torus"])
def test_missing_normals_are_estimated_and_point_outward(shape: str, offset: float) -> None:
    points, normals = (directions(), directions()) if shape == "sphere" else torus()
    cloud = complete_normals(PointCloud(points + offset))
    assert cloud.normals is not None
    agreement = np.einsum("nd,nd->n", cloud.normals, normals)
    assert (agreement > 0.8).all()
    assert agreement.mean() > 0.99
    assert "the scan has no normals" in cloud.notes[0]
    assert "outward in 100%" in cloud.notes[0]
    np.testing.assert_array_equal(cloud.points, points + offset)


def test_normals_that_are_mostly_zero_count_as_missing() -> None:
    n = directions()
    given = np.where(np.arange(len(n))[:, None] < 1500, 0, n)
    cloud = complete_normals(PointCloud(n, given))
    assert cloud.normals is not None
    assert (np.einsum("nd,nd->n", cloud.normals, n) > 0.8).all()
    assert cloud.notes[0].startswith("1500 of 2000 normals are zero or not finite: all were estimated")


def test_points_in_perfect_symmetry_do_not_stop_the_orientation() -> None:
    steps = np.linspace(-1, 1, 9)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    shell = grid[np.abs(grid).max(axis=1) == 1]
    corners = np.stack(np.meshgrid([0, 1.0], [0, 1.0], [0, 1.0]), axis=-1).reshape(-1, 3)
    for points in (shell, corners):
        normals = complete_normals(PointCloud(points)).normals
        assert normals is not None
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)


def test_outward_share_tells_the_sides_apart_without_a_closed_surface() -> None:
    n = directions()
    half = n[n[:, 2] > 0]
    assert outward_share(n, n) == 1
    assert outward_share(n, -n) == 0
    assert outward_share(half, half) > 0.6 > 0.4 > outward_share(half, -half)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_flat_scans_are_refused(offset: float, scale: float) -> None:
    plane = np.random.default_rng(2).uniform(size=(500, 2)) @ np.array([[1.0, 2, 3], [-3, 1, 1]])
    with pytest.raises(InputError, match=r"scan\.ply: .*plane"):
        complete_normals(PointCloud((plane + offset) * scale, source="scan.ply"))


def test_lines_and_too_few_points_are_refused() -> None:
    line = np.outer(np.arange(50.0), [1, 2, 3])
    for points in (line, np.eye(3), np.ones((5, 3))):
        with pytest.raises(InputError, match="plane or on one line"):
            check_volume(PointCloud(points))


def test_thin_scans_are_not_flat() -> None:
    check_volume(PointCloud(directions() * [1, 1, 1e-4]))


def test_good_normals_do_not_load_open3d() -> None:
    code = (
        "import sys, numpy as np\n"
        "from sdf_siren.clouds import PointCloud\n"
        "assert 'scipy' not in sys.modules, 'clouds stays light'\n"
        "from sdf_siren.clouds.normals import complete_normals\n"
        "n = np.vstack([np.eye(3), -np.eye(3)])\n"
        "complete_normals(PointCloud(n, n))\n"
        "assert 'open3d' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_input_cloud_is_not_modified() -> None:
    n = directions()
    cloud = PointCloud(n.copy(), (5 * n).astype(np.float32))
    before = replace(cloud, normals=None if cloud.normals is None else cloud.normals.copy())
    complete_normals(cloud)
    np.testing.assert_array_equal(cloud.normals, before.normals)
    np.testing.assert_array_equal(cloud.points, n)
