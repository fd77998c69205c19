"""Colours on vertices: exact where they must be, blended as light, never from the other side of a wall."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.meshing import painted
from sdf_siren.meshing import painting as module
from sdf_siren.srgb import from_linear

RNG = np.random.default_rng(0)


def ball(subdivisions: int = 3, offset: float = 0.0, scale: float = 1.0) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=subdivisions)
    return Mesh(shape.vertices * scale + offset, shape.faces, shape.vertices)


def square(side: int, height: float = 0.0, up: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Points (side^2, 3) of a unit grid at ``height`` and their normals."""
    x, y = np.meshgrid(np.arange(side, dtype=float), np.arange(side, dtype=float))
    points = np.stack([x.ravel(), y.ravel(), np.full(side**2, height)], axis=1)
    return points, np.tile(np.array([0, 0, up], np.float32), (side**2, 1))


def at(places: np.ndarray, up: float = 1.0) -> Mesh:
    """A mesh whose vertices are ``places``, all with the same normal."""
    count = len(places)
    faces = np.stack([np.arange(count), np.roll(np.arange(count), 1), np.roll(np.arange(count), 2)], axis=1)
    return Mesh(places, faces, np.tile([0, 0, up], (count, 1)))


def colours_of(mesh: Mesh, cloud: PointCloud) -> np.ndarray:
    return painted(mesh, cloud, colours=True, intensity=False)[0].colours


def test_one_colour_stays_that_colour() -> None:
    every = np.arange(256, dtype=np.uint8)
    for colour in np.stack([every, every[::-1], np.roll(every, 77)], axis=1)[::15]:
        cloud = PointCloud(ball().vertices, ball().normals, np.tile(colour, (642, 1)))
        np.testing.assert_array_equal(colours_of(ball(4), cloud), np.tile(colour, (2562, 1)))


def test_a_smooth_pattern_is_followed() -> None:
    def pattern(places: np.ndarray) -> np.ndarray:
        return from_linear(0.5 + 0.4 * np.sin(2 * places))

    scan = ball(5)
    found = colours_of(ball(4), PointCloud(scan.vertices, scan.normals, pattern(scan.vertices)))
    assert np.abs(found.astype(int) - pattern(ball(4).vertices)).max() <= 3


def test_half_way_between_black_and_white_is_half_the_light() -> None:
    points, normals = square(8)
    colours = np.where(points[:, :1] < 3.5, 0, 255).repeat(3, axis=1).astype(np.uint8)
    found = colours_of(
        at(np.array([[3.5, 3.5, 0], [0, 3, 0], [7, 3, 0]])), PointCloud(points, normals, colours)
    )
    np.testing.assert_array_equal(found[:, 0], [188, 0, 255])


def test_a_point_outweighs_its_neighbours() -> None:
    points, normals = square(9)
    intensity = np.zeros(81, np.float32)
    intensity[40] = 1
    mesh = at(np.array([[4.0, 4, 0], [5, 4, 0], [6, 4, 0]]))
    found, _ = painted(mesh, PointCloud(points, normals, intensity=intensity), colours=True, intensity=True)
    own, next_to_it, beyond = found.scalars["intensity"]
    assert own > 0.8
    assert next_to_it < 0.1
    assert beyond < 0.001
    assert found.colours is None


@pytest.mark.parametrize("thickness", [0.0, 1e-3, 0.3])
def test_the_other_side_of_a_wall_has_no_part(thickness: float) -> None:
    (top, up), (bottom, down) = square(9, thickness), square(9, up=-1)
    # The points of the lower side are right below the vertices, those of the upper one half a unit away.
    points, normals = np.concatenate([top + np.array([0.5, 0.5, 0]), bottom]), np.concatenate([up, down])
    red, blue = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    colours = np.repeat([red, blue], 81, axis=0)
    cloud = PointCloud(points, normals, colours)
    assert (colours_of(at(bottom + np.array([0, 0, thickness])), cloud) == red).all()
    assert (colours_of(at(bottom, up=-1), cloud) == blue).all()
    mixed = colours_of(at(bottom), PointCloud(points, None, colours))
    assert mixed[40, 2] > 100  # what comes of a cloud without normals


def test_the_right_side_is_looked_for_farther_away() -> None:
    (top, up), (bottom, down) = square(3, 0.5), square(9, up=-1)
    near = 0.05 * bottom + np.array([0.8, 0.8, 0])
    colours = np.repeat(np.array([[255, 0, 0], [0, 0, 255]], np.uint8), [9, 81], axis=0)
    cloud = PointCloud(np.concatenate([top, near]), np.concatenate([up, down]), colours)
    mesh = at(np.array([[1.0, 1, 0.1]] * 3))
    # 64 neighbours are all below, and then any colour is better than none.
    np.testing.assert_array_equal(colours_of(mesh, cloud), np.tile([0, 0, 255], (3, 1)))
    thinner = cloud.select(np.arange(90) % 3 == 0)
    np.testing.assert_array_equal(colours_of(mesh, thinner), np.tile([255, 0, 0], (3, 1)))


def test_far_from_the_scan_the_nearest_points_decide_and_it_is_said() -> None:
    points, normals = square(20)
    colours = np.where(points[:, :1] < 9.5, [[200, 0, 0]], [[0, 200, 0]]).astype(np.uint8)
    near = np.array([[5.0, 5, 0], [5, 5, 0.5], [15, 5, 0.5]])
    far = np.array([[0.0, 5, 500], [19, 5, 30]])
    mesh, notes = painted(
        at(np.concatenate([near, far])), PointCloud(points, normals, colours), colours=True, intensity=False
    )
    np.testing.assert_array_equal(mesh.colours[:, 0] > 100, [True, True, False, True, False])
    (note,) = notes
    assert note.startswith("2 of 5 vertices")
    assert painted(at(near), PointCloud(points, normals, colours), colours=True, intensity=False)[1] == ()


def test_place_and_scale_do_not_matter() -> None:
    scan = ball(4)
    colours = RNG.integers(0, 256, scan.vertices.shape).astype(np.uint8)
    here = colours_of(ball(3), PointCloud(scan.vertices, scan.normals, colours))
    there = colours_of(ball(3, 4.9e6, 1000), PointCloud(scan.vertices * 1000 + 4.9e6, scan.normals, colours))
    assert np.abs(here.astype(int) - there).max() <= 1


def test_unknown_intensities_have_no_part() -> None:
    points, normals = square(9)
    intensity = np.where(points[:, 0] < 5, 7, np.nan).astype(np.float32)
    mesh = at(np.array([[4.4, 4, 0], [0, 0, 0], [8, 4, 0]]))
    found, _ = painted(mesh, PointCloud(points, normals, intensity=intensity), colours=False, intensity=True)
    np.testing.assert_allclose(found.scalars["intensity"], [7, 7, np.nan], rtol=1e-6)


def test_colours_and_intensity_together_and_the_rest_of_the_mesh_stays() -> None:
    scan, mesh = ball(3), ball(3)
    mesh = Mesh(mesh.vertices, mesh.faces, mesh.normals, scalars={"support": np.ones(642)})
    cloud = PointCloud(
        scan.vertices, scan.normals, np.full((642, 3), 9, np.uint8), intensity=np.full(642, 2.5, np.float32)
    )
    found, _ = painted(mesh, cloud, colours=True, intensity=True)
    assert (found.colours == 9).all()
    np.testing.assert_allclose(found.scalars["intensity"], 2.5)
    np.testing.assert_array_equal(found.scalars["support"], 1)
    np.testing.assert_array_equal(found.vertices, mesh.vertices)


def test_what_the_scan_lacks() -> None:
    mesh, cloud = ball(), PointCloud(ball().vertices, ball().normals)
    assert painted(mesh, cloud, colours=True, intensity=False) == (mesh, ())
    found, (note,) = painted(mesh, cloud, colours=True, intensity=True)
    assert found is mesh
    assert "no intensities" in note


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = ball(3)
    cloud = PointCloud(scan.vertices, scan.normals, RNG.integers(0, 256, (642, 3)).astype(np.uint8))
    whole = colours_of(ball(4), cloud)
    monkeypatch.setattr(module, "_CHUNK", 100)
    np.testing.assert_array_equal(colours_of(ball(4), cloud), whole)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_points(count: int) -> None:
    colours = np.full((count, 3), 50, np.uint8)
    cloud = PointCloud(ball().vertices[:count], ball().normals[:count], colours)
    assert (colours_of(ball(), cloud) == 50).all()
