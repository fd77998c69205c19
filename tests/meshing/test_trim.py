"""Cutting to the scan: exact rims, no holes, no islands, nothing twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from exact_scans import UNIT, euler, mesh_of, on_sphere, plane_scan, sphere_scan

from sdf_siren.artifacts import Mesh, face_areas
from sdf_siren.clouds.support import FAR, Support
from sdf_siren.fields.shapes import Plane, Sphere
from sdf_siren.frames import Similarity
from sdf_siren.meshing import trim
from sdf_siren.meshing.reach import REACH
from sdf_siren.metrics import topology

PLANE = Plane(offset=1e-4)  # not through the nodes of a lattice


def boundary(mesh: Mesh) -> np.ndarray:
    """Rows of the vertices on the rim."""
    sides = np.stack([mesh.faces, np.roll(mesh.faces, -1, axis=1)], axis=2).reshape(-1, 2)
    edges, uses = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    return np.unique(edges[uses == 1])


def together(*scans: Support) -> Support:
    return Support(
        np.concatenate([s.points for s in scans]), np.concatenate([s.normals for s in scans]), UNIT
    )


def test_a_sphere_that_was_scanned_all_around_is_left_alone():
    mesh = mesh_of(Sphere(0.5))
    found = trim(mesh, sphere_scan(3000))
    assert found.mesh is mesh
    assert found.islands == 0


@pytest.mark.parametrize("count", [1000, 8000, 40_000])
def test_half_a_sphere_has_a_round_rim_two_spacings_from_the_scan(count):
    scan = sphere_scan(count, lowest=0.0)
    mesh, spacing = trim(mesh_of(Sphere(0.5)), scan).mesh, np.median(scan.spacing)
    assert euler(mesh) == 1
    assert topology(mesh).components == 1
    below = -mesh.vertices[boundary(mesh), 2] / spacing
    assert 0.8 * REACH < below.mean() < 1.25 * REACH
    assert below.std() < 0.5
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - 0.5).max() < 5e-4  # nothing left the surface
    assert scan.at(mesh.vertices, mesh.normals).max() <= FAR
    area = face_areas(mesh.vertices, mesh.faces).sum() / np.pi  # of a whole sphere 1
    assert area == pytest.approx(0.5 + below.mean() * spacing, abs=0.01)


def test_a_square_in_a_plane_keeps_its_area():
    scan = plane_scan(20_000)
    mesh = trim(mesh_of(PLANE), scan).mesh
    assert euler(mesh) == 1
    reach = np.abs(mesh.vertices[:, :2]).max(axis=1)
    spacing = np.median(scan.spacing)
    assert reach.max() < 0.5 + 3 * spacing
    assert reach[boundary(mesh)].min() > 0.5
    np.testing.assert_allclose(mesh.normals, np.tile([0, 0, 1], (len(mesh.vertices), 1)), atol=1e-6)
    assert np.abs(mesh.vertices[:, 2] - 1e-4).max() < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_density_that_varies_does_not_make_holes(seed):
    """A hundred times as dense on one side as on the other."""
    generator = np.random.default_rng(seed)
    x = 0.8 * (2 * generator.uniform(size=12_000) ** 3 - 1)
    points = np.stack([x, generator.uniform(-0.8, 0.8, len(x)), np.zeros(len(x))], axis=1)
    scan = Support(points, np.tile([0.0, 0.0, 1.0], (len(x), 1)), UNIT)
    assert euler(trim(mesh_of(PLANE, 128), scan).mesh) == 1


def test_scan_lines_ten_times_as_far_apart_as_their_points_do_not_make_holes():
    x, y = np.meshgrid(np.arange(-0.8, 0.8, 0.005), np.arange(-0.8, 0.81, 0.05))
    points = np.stack([x, y, np.zeros_like(x)], axis=2).reshape(-1, 3)
    scan = Support(points, np.tile([0.0, 0.0, 1.0], (len(points), 1)), UNIT)
    assert euler(trim(mesh_of(PLANE, 128), scan).mesh) == 1


def test_a_hole_in_the_scan_is_a_hole_in_the_mesh():
    scan = plane_scan(20_000)
    around = np.linalg.norm(scan.points, axis=1) > 0.15
    mesh = trim(mesh_of(PLANE), Support(scan.points[around], scan.normals[around], UNIT)).mesh
    assert euler(mesh) == 0
    assert topology(mesh).components == 1
    inner = np.linalg.norm(mesh.vertices, axis=1).min()
    assert inner == pytest.approx(0.15 - REACH * np.median(scan.spacing), abs=0.5 * np.median(scan.spacing))


@pytest.mark.parametrize(("radius", "holes"), [(1.5, 0), (4.0, 1)])
def test_what_faces_away_makes_a_hole_only_if_it_is_wide(radius, holes):
    """Radii in spacings: a rough surface turns away here and there, a back is larger."""
    scan, mesh = plane_scan(5000), mesh_of(PLANE, 128)
    away = np.linalg.norm(mesh.vertices[:, :2], axis=1) < radius * np.median(scan.spacing)
    assert away.sum() > 3
    turned = np.where(away[:, None], -mesh.normals, mesh.normals)
    assert euler(trim(replace(mesh, normals=turned), scan).mesh) == 1 - holes


def test_the_back_of_a_thin_shell_goes():
    """Two sheets a third of a spacing apart, of which only the outer one was seen."""
    outer, inner = mesh_of(Sphere(0.5)), mesh_of(Sphere(0.495))
    back = Mesh(inner.vertices, inner.faces[:, ::-1], -inner.normals)
    both = Mesh(
        np.concatenate([outer.vertices, back.vertices]),
        np.concatenate([outer.faces, back.faces + len(outer.vertices)]),
        np.concatenate([outer.normals, back.normals]),
    )
    found = trim(both, sphere_scan(3000))
    assert topology(found.mesh).watertight
    assert np.linalg.norm(found.mesh.vertices, axis=1).min() > 0.499


def test_islands_are_dropped_and_counted_but_not_parts():
    shape = Sphere(0.5)
    strays = 0.5 * np.array([[0, 0, -1], [0.02, 0, -1], [0.7, 0, -0.7]])
    strays /= np.linalg.norm(strays, axis=1, keepdims=True)
    cap, patch = on_sphere(6000), on_sphere(6000, 1)
    cap, patch = cap[cap[:, 2] > 0.2], patch[patch[:, 2] < -0.8]
    only_cap = Support(0.5 * np.concatenate([cap, strays]), np.concatenate([cap, strays]), UNIT)
    found = trim(mesh_of(shape), only_cap)
    assert topology(found.mesh).components == 1
    assert found.islands == 1  # their discs touch
    assert "1 island with it" in found.sentence()
    with_patch = np.concatenate([cap, patch])
    assert topology(trim(mesh_of(shape), Support(0.5 * with_patch, with_patch, UNIT)).mesh).components == 2


def test_once_is_enough():
    scan = sphere_scan(5000, lowest=0.0)
    once = trim(mesh_of(Sphere(0.5)), scan).mesh
    again = trim(once, scan)
    assert again.mesh is once


def test_units_offsets_and_directions_make_no_difference():
    scan, mesh = sphere_scan(3000, lowest=0.0), mesh_of(Sphere(0.5), 48)
    expected = trim(mesh, scan).mesh
    turn, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    frame = Similarity((5e5, -4.9e6, 12.0), 1 / 250)

    def moved(points: np.ndarray) -> np.ndarray:
        return frame.to_world(points @ turn.T)

    found = trim(
        Mesh(moved(mesh.vertices), mesh.faces, mesh.normals @ turn.T),
        Support(moved(scan.points), scan.normals @ turn.T, frame),
    ).mesh
    np.testing.assert_array_equal(found.faces, expected.faces)
    np.testing.assert_allclose(found.vertices, moved(expected.vertices), atol=250 * 1e-6)


def test_what_vertices_carry_is_interpolated():
    mesh = mesh_of(PLANE)
    ramp = mesh.vertices[:, 0].astype(np.float32)
    colours = np.repeat(np.round(100 + 100 * ramp)[:, None], 3, axis=1).astype(np.uint8)
    found = trim(Mesh(mesh.vertices, mesh.faces, None, colours, {"x": ramp}), plane_scan(5000)).mesh
    rim = boundary(found)
    inner = np.setdiff1d(np.arange(len(found.vertices)), rim)
    np.testing.assert_allclose(found.scalars["x"][inner], found.vertices[inner, 0], atol=1e-6)
    np.testing.assert_allclose(found.scalars["x"][rim], found.vertices[rim, 0], atol=0.03)
    np.testing.assert_allclose(found.colours[rim, 1], 100 + 100 * found.vertices[rim, 0], atol=4)


def test_a_mesh_away_from_the_scan_has_nothing_left():
    scan = plane_scan(2000)
    found = trim(mesh_of(Plane(offset=0.7)), scan)
    assert len(found.mesh.faces) == 0
