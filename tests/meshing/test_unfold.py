"""Turned triangles are taken out, and nothing else happens to the mesh."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_meshes import ball, extracted, unit_faces, without

from sdf_siren.artifacts import Mesh
from sdf_siren.fields.shapes import Plane, Sphere, Torus
from sdf_siren.meshing.edges import rim_edges
from sdf_siren.meshing.simplify import simplify
from sdf_siren.meshing.unfold import unfolded
from sdf_siren.metrics import topology

Shape = Sphere | Torus | Plane


def turned(shape: Shape, vertices: np.ndarray, faces: np.ndarray) -> int:
    """Faces whose normal is against the gradient at their centre."""
    gradient = shape.value_and_gradient(torch.from_numpy(vertices[faces].mean(axis=1)))[1].numpy()
    return int(((unit_faces(vertices, faces) * gradient).sum(axis=1) < 0).sum())


def euler(vertices: np.ndarray, faces: np.ndarray) -> int:
    """Vertices less edges and plus faces of a closed mesh."""
    return len(vertices) - len(faces) // 2


@pytest.mark.parametrize("shape", [Sphere(0.5), Torus()])
def test_folds_are_taken_out(shape: Shape) -> None:
    vertices, faces = simplify(*extracted(shape), 2000)
    rng = np.random.default_rng(0)
    rows = rng.choice(len(vertices), 40, replace=False)
    folded = vertices.copy()
    folded[rows] += rng.normal(scale=0.05, size=(40, 3))  # about a side, so over their neighbours
    assert turned(shape, folded, faces) > 30
    found, left = unfolded(shape, folded, faces)
    assert turned(shape, found, left) == 0
    assert topology(Mesh(found, left)).watertight
    assert euler(found, left) == euler(vertices, faces)
    assert 0.9 * len(faces) < len(left) <= len(faces)
    assert np.isin(np.arange(len(found)), left).all()


def test_what_is_not_near_a_fold_stays() -> None:
    vertices, faces = ball(3)
    folded = 0.5 * vertices
    top = int(vertices[:, 2].argmax())
    folded[top] = folded[faces[(faces == top).any(axis=1)]].mean(axis=(0, 1))
    folded[top, 0] += 0.12
    assert turned(Sphere(0.5), folded, faces) > 0
    found, left = unfolded(Sphere(0.5), folded, faces)
    assert turned(Sphere(0.5), found, left) == 0
    far = np.linalg.norm(folded - folded[top], axis=1) > 0.3
    known = {tuple(row) for row in found}
    assert all(tuple(row) in known for row in folded[far])


def test_a_mesh_without_folds_is_returned_as_it_is() -> None:
    vertices, faces = ball(2)
    found, left = unfolded(Sphere(1.0), vertices, faces)
    assert found is vertices
    assert left is faces


def test_faces_far_from_the_level_set_do_not_count() -> None:
    vertices, faces = ball(2)
    inward = faces[:, ::-1]
    small = 0.2 * vertices
    assert unfolded(Sphere(0.9), small, inward)[0] is small


def test_the_rim_stays() -> None:
    vertices, faces = ball(3)
    vertices, faces = without(vertices, faces, vertices[:, 2] < 0)
    rng = np.random.default_rng(0)
    rim = np.unique(rim_edges(faces, len(vertices)))
    inner = np.setdiff1d(np.arange(len(vertices)), rim)
    folded = vertices.copy()
    folded[rng.choice(inner, 8, replace=False)] += rng.normal(scale=0.15, size=(8, 3))
    found, left = unfolded(Sphere(1.0), folded, faces)
    assert turned(Sphere(1.0), found, left) < turned(Sphere(1.0), folded, faces)
    after = found[np.unique(rim_edges(left, len(found)))]
    np.testing.assert_array_equal(np.sort(after, axis=0), np.sort(vertices[rim], axis=0))


def test_a_rim_that_is_folded_itself_stays_where_it_is() -> None:
    """However many turned faces would go with one of its vertices."""
    vertices, faces = ball(3)
    vertices, faces = without(vertices, faces, vertices[:, 2] < 0)
    rim = np.unique(rim_edges(faces, len(vertices)))
    folded = vertices.copy()
    folded[rim[::4], 2] += 0.3  # over the next row
    assert turned(Sphere(1.0), folded, faces) > 10
    found, left = unfolded(Sphere(1.0), folded, faces)
    after = found[np.unique(rim_edges(left, len(found)))]
    np.testing.assert_array_equal(np.sort(after, axis=0), np.sort(folded[rim], axis=0))


def test_what_cannot_be_mended_is_left() -> None:
    """A tetrahedron inside out: nothing may be collapsed, and no diagonal is free."""
    corners = 0.5 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    faces = np.array([[2, 1, 0], [1, 3, 0], [3, 2, 0], [2, 3, 1]])
    assert turned(Sphere(0.5), corners, faces) == 4
    found, left = unfolded(Sphere(0.5), corners, faces)
    assert len(left) == 4
    assert topology(Mesh(found, left)).watertight
