"""What stages hand to each other is validated when it is made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.artifacts import (
    Mesh,
    SignalPortrait,
    area_vectors,
    edges_and_sides,
    face_areas,
    vertex_normals,
)

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def test_types_are_converted_and_contiguous() -> None:
    mesh = Mesh(VERTICES[:, ::1].astype(np.float32), FACES.astype(np.uint16), np.asfortranarray(VERTICES))
    assert mesh.vertices.dtype == np.float64
    assert mesh.faces.dtype == np.int64
    assert mesh.normals is not None
    assert mesh.normals.dtype == np.float32
    assert mesh.normals.flags.c_contiguous


def test_a_mesh_may_be_empty() -> None:
    assert len(Mesh(np.empty((0, 3)), np.empty((0, 3), dtype=int)).faces) == 0


@pytest.mark.parametrize("vertices", [np.zeros((3, 2)), np.zeros(9)])
def test_vertices_must_be_triples(vertices: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vertices must be"):
        Mesh(vertices, FACES[:0])


@pytest.mark.parametrize("faces", [np.zeros((2, 4), dtype=int), np.zeros(3, dtype=int)])
def test_faces_must_be_triples(faces: np.ndarray) -> None:
    with pytest.raises(ValueError, match="faces must be"):
        Mesh(VERTICES, faces)


@pytest.mark.parametrize("index", [-1, 4])
def test_faces_must_index_the_vertices(index: int) -> None:
    with pytest.raises(ValueError, match="index the vertices"):
        Mesh(VERTICES, [[0, 1, index]])


def test_normals_must_match_the_vertices() -> None:
    with pytest.raises(ValueError, match="normals must be"):
        Mesh(VERTICES, FACES, np.zeros((3, 3)))


def test_colours_must_match_the_vertices() -> None:
    with pytest.raises(ValueError, match="colours must be"):
        Mesh(VERTICES, FACES, colours=np.zeros(4, dtype=np.uint8))


def test_scalars_must_match_the_vertices() -> None:
    with pytest.raises(ValueError, match="support must be"):
        Mesh(VERTICES, FACES, scalars={"support": np.zeros(3)})


def test_the_mesh_of_some_faces_has_their_vertices_with_all_they_carry() -> None:
    normals, colours = VERTICES.astype(np.float32), VERTICES.astype(np.uint8)
    mesh = Mesh(VERTICES, FACES, normals, colours, {"support": [0, 1, 2, 3]})
    for kept in (np.array([False, False, False, True]), np.array([3])):
        part = mesh.of_faces(kept)
        np.testing.assert_array_equal(part.vertices, VERTICES[1:])
        np.testing.assert_array_equal(part.faces, [[0, 1, 2]])
        np.testing.assert_array_equal(part.normals, normals[1:])
        np.testing.assert_array_equal(part.colours, colours[1:])
        np.testing.assert_array_equal(part.scalars["support"], np.float32([1, 2, 3]))
    assert part.scalars["support"].dtype == np.float32


def test_the_mesh_of_no_faces_is_empty() -> None:
    empty = Mesh(VERTICES, FACES).of_faces(np.zeros(4, dtype=bool))
    assert len(empty.vertices) == len(empty.faces) == 0


def test_a_mesh_is_frozen() -> None:
    mesh = Mesh(VERTICES, FACES)
    with pytest.raises(AttributeError):
        mesh.faces = FACES  # type: ignore[misc]


def test_area_vectors_are_normals_as_long_as_the_areas() -> None:
    vertices = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, 1]], dtype=np.float64) + 1e6
    faces = np.array([[0, 1, 2], [0, 2, 1], [0, 3, 1], [0, 0, 1]])
    np.testing.assert_allclose(
        area_vectors(vertices, faces), [[0, 0, 3], [0, 0, -3], [0, 1, 0], [0, 0, 0]], atol=1e-8
    )
    np.testing.assert_allclose(face_areas(vertices, faces), [3, 3, 1, 0], atol=1e-8)


def test_vertex_normals_of_a_cube_are_its_diagonals() -> None:
    box = trimesh.creation.box()
    normals = vertex_normals(box.vertices, box.faces)
    # Diagonal triangulation gives a corner one or two triangles per side, so only the octant is certain.
    assert (np.sign(normals) == np.sign(box.vertices)).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    ball = trimesh.creation.icosphere(subdivisions=4)
    np.testing.assert_allclose(vertex_normals(ball.vertices, ball.faces), ball.vertices, atol=0.02)


def test_a_vertex_without_faces_has_no_normal() -> None:
    normals = vertex_normals(np.eye(4, 3), np.array([[0, 1, 2]]))
    assert (normals[3] == 0).all()


def test_the_portrait_of_the_truth_has_no_error() -> None:
    flat = np.zeros((2, 3))
    portrait = SignalPortrait("truth", np.zeros((2, 3, 1)), flat, flat)
    assert portrait.psnr == (np.inf,) * 3
    assert portrait.parameters == portrait.steps == portrait.seconds == 0


def test_derivatives_of_a_constant_have_no_score() -> None:
    flat = np.zeros((2, 3))
    portrait = SignalPortrait("a", np.zeros((2, 3, 1)), flat, flat, psnr=(40.0, -np.inf, -np.inf))
    assert portrait.scores == {"value": 40.0}
    assert list(replace(portrait, psnr=(np.inf, 9.0, 8.0)).scores) == ["value", "gradient", "Laplacian"]


def test_a_portrait_has_maps_of_its_own_shape() -> None:
    value, flat = np.zeros((2, 3, 1)), np.zeros((2, 3))
    for arrays, message in (
        ((flat, flat, flat), "expected values"),
        ((value[:0], flat[:0], flat[:0]), "expected values"),
        ((value, flat.T, flat), r"gradient_size must be \(2, 3\)"),
        ((value, flat, flat[:1]), r"laplacian must be \(2, 3\)"),
    ):
        with pytest.raises(ValueError, match=message):
            SignalPortrait("a", *arrays)


@pytest.mark.parametrize("name", ["value", "gradient_size", "laplacian"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_portrait_is_finite(name: str, bad: float) -> None:
    arrays = {"value": np.zeros((2, 3, 1)), "gradient_size": np.zeros((2, 3)), "laplacian": np.zeros((2, 3))}
    arrays[name][0, 0] = bad
    with pytest.raises(ValueError, match=f"finite {name}"):
        SignalPortrait("a", **arrays)


@given(st.lists(st.permutations(range(6)).map(lambda order: order[:3]), max_size=12))
def test_each_side_of_a_face_is_one_of_the_edges(faces: list[list[int]]) -> None:
    corners = np.array(faces, dtype=np.int64).reshape(-1, 3)
    edges, side = edges_and_sides(corners, 6)
    ends = np.sort(np.stack([corners, np.roll(corners, -1, axis=1)], axis=2), axis=2)
    np.testing.assert_array_equal(edges[side], ends)
    assert edges.tolist() == sorted(map(list, {tuple(pair) for pair in ends.reshape(-1, 2).tolist()}))


def test_a_mesh_looks_for_its_edges_once() -> None:
    mesh = Mesh(VERTICES, FACES)
    assert mesh.edges is mesh.edges
    np.testing.assert_array_equal(mesh.edges[1], edges_and_sides(FACES, 4)[1])
