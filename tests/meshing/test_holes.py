"""Holes: found, closed, smooth, and left alone where they are too wide."""

from __future__ import annotations

import numpy as np
import pytest
from known_meshes import ball, unit_faces, without

from sdf_siren.artifacts import Mesh
from sdf_siren.meshing.edges import is_manifold, rim_edges
from sdf_siren.meshing.holes import fill_holes, rims
from sdf_siren.metrics import topology


def cap(height: float) -> tuple[np.ndarray, np.ndarray]:
    """A sphere cut open above ``height``."""
    vertices, faces = ball()
    return without(vertices, faces, vertices[:, 2] > height)


def sieve() -> tuple[np.ndarray, np.ndarray]:
    """A sphere with a wide hole above and a narrow one below."""
    vertices, faces = ball()
    return without(vertices, faces, (vertices[:, 2] > 0.7) | (vertices[:, 2] < -0.97))


@pytest.mark.parametrize("height", [0.99, 0.9, 0.5, 0.0, -0.7])
def test_a_sphere_is_closed_again(height: float) -> None:
    vertices, faces = cap(height)
    (rim,) = rims(faces, len(vertices))
    assert len(rim) == len(rim_edges(faces, len(vertices)))
    found = fill_holes(vertices, faces)
    assert (found.filled, found.left) == (1, 0)
    whole = topology(Mesh(found.vertices, found.faces))
    assert whole.watertight
    assert whole.components == 1
    assert whole.volume > 0
    assert is_manifold(found.faces, len(found.vertices))
    np.testing.assert_array_equal(found.vertices[: len(vertices)], vertices)
    np.testing.assert_array_equal(found.faces[: len(faces)], faces)


@pytest.mark.parametrize(("height", "off"), [(0.97, 0.003), (0.9, 0.03), (0.5, 0.25)])
def test_the_patch_goes_on_as_the_surface_does(height: float, off: float) -> None:
    vertices, faces = cap(height)
    found = fill_holes(vertices, faces)
    added = found.vertices[len(vertices) :]
    assert np.abs(np.linalg.norm(added, axis=1) - 1).max() < off
    middle = found.vertices[found.faces].mean(axis=1)
    outward = middle / np.linalg.norm(middle, axis=1, keepdims=True)
    assert (unit_faces(found.vertices, found.faces) * outward).sum(axis=1).min() > 0.9
    corners = found.vertices[found.faces[len(faces) :]]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert sides.max() < 3 * np.median(sides)


def test_a_flat_sheet_stays_flat() -> None:
    x, y = np.meshgrid(np.arange(20.0), np.arange(20.0))
    vertices = np.stack([x.ravel(), y.ravel(), np.full(400, 3.0)], axis=1)
    corner = (np.arange(19)[:, None] * 20 + np.arange(19)).ravel()
    faces = np.concatenate([corner[:, None] + np.array([0, 1, 21]), corner[:, None] + np.array([0, 21, 20])])
    middle = np.linalg.norm(vertices[:, :2] - 9.5, axis=1) < 4
    opened = without(vertices, faces, middle)
    found = fill_holes(*opened, widest=15)
    assert (found.filled, found.left) == (1, 1)
    np.testing.assert_allclose(found.vertices[:, 2], 3, atol=1e-9)
    np.testing.assert_allclose(unit_faces(found.vertices, found.faces)[:, 2], 1, atol=1e-9)
    assert topology(Mesh(found.vertices, found.faces)).boundary_edges == 4 * 19


def test_only_holes_that_are_not_too_wide() -> None:
    vertices, faces = sieve()
    assert len(rims(faces, len(vertices))) == 2
    narrow = fill_holes(vertices, faces, widest=1.0)
    assert (narrow.filled, narrow.left) == (1, 1)
    assert narrow.vertices[len(vertices) :, 2].max() < -0.9
    both = fill_holes(vertices, faces)
    assert (both.filled, both.left) == (2, 0)
    assert topology(Mesh(both.vertices, both.faces)).watertight
    none = fill_holes(vertices, faces, widest=0.1)
    assert (none.filled, none.left) == (0, 2)
    assert none.faces is not faces
    np.testing.assert_array_equal(none.faces, faces)


def test_a_missing_triangle() -> None:
    vertices, faces = ball(1)
    found = fill_holes(vertices, faces[1:])
    assert len(found.vertices) == len(vertices)
    np.testing.assert_array_equal(np.sort(found.faces[-1]), np.sort(faces[0]))
    assert topology(Mesh(found.vertices, found.faces)).watertight


def test_a_missing_pair_of_triangles() -> None:
    vertices, faces = ball(1)
    shared = np.isin(faces, faces[0]).sum(axis=1)
    other = np.flatnonzero(shared == 2)[0]
    found = fill_holes(vertices, np.delete(faces, [0, other], axis=0))
    assert len(found.vertices) == len(vertices) + 1
    assert topology(Mesh(found.vertices, found.faces)).watertight


def test_rims_that_touch_in_a_vertex_are_two() -> None:
    vertices, faces = ball(3)
    vertex = faces[0, 0]
    ring = np.unique(faces[(faces == vertex).any(axis=1)])
    # Faces around two vertices that have exactly one neighbour in common.
    far = next(
        v
        for v in range(len(vertices))
        if len(np.intersect1d(np.unique(faces[(faces == v).any(axis=1)]), ring)) == 1 and v not in ring
    )
    kept = ~np.isin(faces, [vertex, far]).any(axis=1)
    loops = rims(faces[kept], len(vertices))
    assert len(loops) == 2
    assert len(np.intersect1d(*loops)) == 1
    found = fill_holes(vertices, faces[kept])
    assert topology(Mesh(found.vertices, found.faces)).watertight


def test_the_two_ends_of_a_tube() -> None:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = [np.stack([np.cos(turn), np.sin(turn), np.full(24, z)], axis=1) for z in np.linspace(-1, 1, 9)]
    start = np.arange(24)
    after = (start + 1) % 24
    faces = [
        np.concatenate(
            [
                np.stack([24 * k + start, 24 * k + after, 24 * k + 24 + after], axis=1),
                np.stack([24 * k + start, 24 * k + 24 + after, 24 * k + 24 + start], axis=1),
            ]
        )
        for k in range(8)
    ]
    found = fill_holes(np.concatenate(rings), np.concatenate(faces))
    assert found.filled == 2
    whole = topology(Mesh(found.vertices, found.faces))
    assert whole.watertight
    assert 2 * np.pi * 0.95 < whole.volume < 2 * np.pi + 4 / 3 * np.pi
