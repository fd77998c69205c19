"""Counts and volumes of solids that can be counted by hand."""

import json

import numpy as np
import pytest
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.metrics import topology

TETRAHEDRON = Mesh(
    np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
)


def cube(side: float = 1.0) -> Mesh:
    box = trimesh.creation.box((side, side, side))
    return Mesh(box.vertices, box.faces)


def joined(*meshes: Mesh) -> Mesh:
    """One mesh of several, with vertices at the same place made one."""
    vertices = np.vstack([mesh.vertices for mesh in meshes])
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    faces = np.vstack([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)])
    vertices, index = np.unique(vertices, axis=0, return_inverse=True)
    return Mesh(vertices, index.reshape(-1)[faces])


def shifted(mesh: Mesh, *by: float) -> Mesh:
    return Mesh(mesh.vertices + np.array(by), mesh.faces)


@pytest.mark.parametrize(("mesh", "volume"), [(cube(), 1.0), (cube(2), 8.0), (TETRAHEDRON, 1 / 6)])
def test_solids(mesh: Mesh, volume: float) -> None:
    found = topology(mesh)
    assert found.volume == pytest.approx(volume, rel=1e-14)
    assert found.watertight
    assert (found.components, found.boundary_edges, found.non_manifold_edges) == (1, 0, 0)
    assert (found.vertices, found.faces) == (len(mesh.vertices), len(mesh.faces))


def test_inside_out_has_negative_volume() -> None:
    assert topology(Mesh(cube().vertices, cube().faces[:, ::-1])).volume == pytest.approx(-1)


@pytest.mark.parametrize("offset", [1e6, -1e8])
def test_volume_at_survey_offsets(offset: float) -> None:
    assert topology(shifted(cube(2), offset, offset, offset)).volume == pytest.approx(8, rel=1e-14)


def test_volume_converges_to_that_of_the_sphere_with_order_two() -> None:
    errors = []
    for level in (3, 4, 5):
        ball = trimesh.creation.icosphere(subdivisions=level)
        errors.append(4 / 3 * np.pi - topology(Mesh(ball.vertices, ball.faces)).volume)
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 2, atol=0.02)


def test_an_open_box() -> None:
    lid = cube().vertices[cube().faces].mean(axis=1)[:, 2] > 0.49
    found = topology(Mesh(cube().vertices, cube().faces[~lid]))
    assert (found.faces, found.boundary_edges, found.watertight, found.components) == (10, 4, False, 1)
    # The pyramid over the missing lid is closed towards the centre of the box.
    assert found.volume == pytest.approx(1 - 1 / 6)


def test_two_cubes_sharing_an_edge_are_not_manifold() -> None:
    found = topology(joined(cube(), shifted(cube(), 1, 1, 0)))
    assert found.non_manifold_edges == 1
    assert found.boundary_edges == 0
    assert not found.watertight
    assert found.components == 1
    assert found.volume == pytest.approx(2)


def test_cubes_sharing_one_corner_are_two_components() -> None:
    found = topology(joined(cube(), shifted(cube(), 1, 1, 1)))
    assert (found.vertices, found.components, found.watertight) == (15, 2, True)


def test_components_are_counted_apart() -> None:
    found = topology(joined(*(shifted(cube(), 3.0 * i, 0, 0) for i in range(7))))
    assert (found.components, found.faces) == (7, 84)
    assert found.watertight


def test_faces_that_name_a_vertex_twice_change_nothing_but_the_count() -> None:
    degenerate = Mesh(cube().vertices, np.vstack([cube().faces, [[0, 0, 1], [2, 2, 2]]]))
    found = topology(degenerate)
    assert (found.faces, found.components, found.watertight, found.non_manifold_edges) == (14, 1, True, 0)


def test_an_empty_mesh() -> None:
    found = topology(Mesh(np.zeros((0, 3)), np.zeros((0, 3))))
    assert (found.vertices, found.faces, found.components, found.volume) == (0, 0, 0, 0.0)
    assert not found.watertight


def test_figures_are_json() -> None:
    figures = json.loads(json.dumps(topology(cube()).to_dict()))
    assert figures["watertight"] is True
    assert list(figures) == [
        "vertices",
        "faces",
        "components",
        "watertight",
        "boundary_edges",
        "non_manifold_edges",
        "volume",
    ]
