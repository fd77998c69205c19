"""What a made scan holds, and what it must not hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from cases import cases_of
from prepare import watertight, write_scan
from virtual_scans import (
    DENSEST,
    DISTANCE,
    MISALIGNED,
    NOISE,
    SEEN_POINTS,
    SENSOR_NOISE,
    STEP,
    perturbed,
    sampled,
    seen_from_around,
    seen_in_steps,
    seen_misaligned,
    unevenly_sampled,
)

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.io import read_points, write_mesh


def ball(radius: float) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return Mesh(np.asarray(shape.vertices), np.asarray(shape.faces))


def joined(a: Mesh, b: Mesh) -> Mesh:
    return Mesh(np.vstack([a.vertices, b.vertices]), np.vstack([a.faces, b.faces + len(a.vertices)]))


@pytest.mark.parametrize(("slightly", "noise"), [(True, SENSOR_NOISE), (False, NOISE)])
def test_noise_has_the_size_that_it_should(slightly: bool, noise: float) -> None:
    exact = sampled(ball(0.9), 2000, seed=0)
    moved = perturbed(exact, seed=0, slightly=slightly)
    assert np.std(moved.points - exact.points) == pytest.approx(noise, rel=0.05)
    assert moved.normals is not None
    assert exact.normals is not None
    angle = np.arccos(np.clip(np.einsum("nd,nd->n", moved.normals, exact.normals), -1, 1))
    expected = 0.1 if slightly else 0.2
    assert np.sqrt(np.mean(angle**2) / 2) == pytest.approx(expected, rel=0.1)


def test_what_is_hidden_has_no_points() -> None:
    cloud = seen_from_around(joined(ball(1.0), ball(0.5)), seed=0)
    assert np.linalg.norm(cloud.points, axis=1).min() > 0.99
    assert len(cloud) == pytest.approx(SEEN_POINTS, rel=0.05)


def test_a_ball_is_seen_from_all_sides_with_its_normals() -> None:
    cloud = seen_from_around(ball(1.0), seed=0)
    assert cloud.normals is not None
    assert (np.einsum("nd,nd->n", cloud.points, cloud.normals) > 0.99).all()
    # A camera at 2.5 sees a ball of 0.9 up to 69 degrees around, few points in the last of them; nothing is
    # farther than 70.5 degrees from the nearest corner of a tetrahedron.
    directions = np.asarray(trimesh.creation.icosphere(subdivisions=3).vertices)
    assert (cloud.points @ directions.T).max(axis=0).min() > np.cos(np.radians(7))


def test_a_depth_camera_is_off_by_half_a_step_at_most() -> None:
    exact, stepped = seen_from_around(ball(0.9), seed=0), seen_in_steps(ball(0.9), seed=0)
    assert stepped.normals is None
    moved = np.linalg.norm(stepped.points - exact.points, axis=1)
    # Of a ball of 0.9 seen from 2.5 the pixels cover an angle of 42 degrees, and 80 % of them.
    rows = np.sqrt(SEEN_POINTS / 4 / (np.pi / 4))
    pixel = 2 * DISTANCE * np.tan(np.arcsin(0.9 / DISTANCE)) / rows
    # Seen at a depth of 1.6 to 2.2: a step is 0.41 to 0.76 of that in the middle, longer along slanting rays.
    assert 0.3 * STEP * pixel < moved.max() < 0.42 * STEP * pixel


def test_an_uneven_scan_has_its_points_at_one_end() -> None:
    cloud = unevenly_sampled(ball(1.0), 20_000, seed=0)
    assert cloud.normals is not None
    np.testing.assert_allclose(cloud.normals, cloud.points, atol=0.02)
    # Heights on a ball are uniform, so that the mean place is that of the density alone: h over h with the
    # weight 100^(-(h + 1) / 2) on [-1, 1] is 1 / tanh(a) - 1 / a below the middle, a = ln(100) / 2.
    a = np.log(DENSEST) / 2
    expected = 1 / np.tanh(a) - 1 / a
    assert np.linalg.norm(cloud.points.mean(axis=0)) == pytest.approx(expected, abs=0.01)


def test_misaligned_scans_are_rigid_and_beside_each_other() -> None:
    cloud = seen_misaligned(ball(0.9), seed=0)
    assert cloud.normals is None
    off = np.linalg.norm(cloud.points, axis=1) - 0.9
    # Turned about its middle a ball stays where it is; moves of r in space are of r / sqrt(3) along a line.
    assert off.std() == pytest.approx(MISALIGNED / np.sqrt(3), rel=0.4)
    exact = seen_from_around(ball(0.9), seed=0)
    assert len(cloud) < len(exact)  # without what is seen at a slant


@pytest.mark.parametrize(
    "make",
    [
        lambda mesh, seed: seen_misaligned(mesh, seed),
        lambda mesh, seed: unevenly_sampled(mesh, 100, seed),
        lambda mesh, seed: seen_in_steps(mesh, seed),
        lambda mesh, seed: seen_from_around(mesh, seed),
        lambda mesh, seed: sampled(mesh, 100, seed),
        lambda mesh, seed: perturbed(sampled(mesh, 100, 0), seed),
    ],
)
def test_a_seed_fixes_the_scan(make) -> None:
    first, again, other = (make(ball(1.0), seed).points for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.parametrize("with_normals", [True, False])
def test_a_written_scan_is_read_as_it_was(tmp_path: Path, with_normals: bool) -> None:
    cloud = sampled(ball(1.0), 50, seed=0)
    cloud = cloud if with_normals else PointCloud(cloud.points + 1e6)
    write_scan(cloud, tmp_path / "scan.ply")
    found = read_points(tmp_path / "scan.ply")
    np.testing.assert_array_equal(found.points, cloud.points)
    assert (found.normals is not None) is with_normals
    if cloud.normals is not None:
        np.testing.assert_array_equal(found.normals, cloud.normals)


def test_a_folder_of_meshes_gives_the_cases_of_the_watertight_ones(tmp_path: Path) -> None:
    closed = ball(1.0)
    write_mesh(closed, tmp_path / "closed.ply")
    write_mesh(Mesh(closed.vertices, closed.faces[1:]), tmp_path / "open.ply")
    write_scan(sampled(closed, 50, seed=0), tmp_path / "scan.ply")
    found = watertight(tmp_path)
    assert found == {"closed": "closed.ply"}
    assert [case.name for case in cases_of(found)] == [
        *("closed-sparse", "closed-uneven", "closed", "closed-slight", "closed-noisy", "closed-dense"),
        *("closed-occluded", "closed-stepped", "closed-misaligned"),
    ]
