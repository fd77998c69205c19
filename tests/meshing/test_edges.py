"""Edges: shared, on a rim, or neither."""

from __future__ import annotations

import numpy as np
import pytest
from known_meshes import ball, without

from sdf_siren.meshing.edges import is_manifold, mean_edges, rim_edges, umbrella, with_rims_apart

TRIANGLE = np.array([[0, 1, 2]])


def test_a_closed_mesh_has_no_rim() -> None:
    vertices, faces = ball(2)
    assert is_manifold(faces, len(vertices))
    assert len(rim_edges(faces, len(vertices))) == 0


def test_the_rim_runs_along_its_faces() -> None:
    np.testing.assert_array_equal(rim_edges(TRIANGLE, 3), [[0, 1], [1, 2], [2, 0]])
    square = np.array([[0, 1, 2], [0, 2, 3]])
    assert sorted(map(tuple, rim_edges(square, 4).tolist())) == [(0, 1), (1, 2), (2, 3), (3, 0)]


@pytest.mark.parametrize("faces", [[[0, 1, 2], [1, 0, 3], [0, 1, 4]], [[0, 1, 2], [0, 1, 3]]])
def test_three_faces_at_an_edge_or_two_that_contradict(faces: list[list[int]]) -> None:
    assert not is_manifold(np.array(faces), 5)


def test_parts_that_touch_in_a_vertex_get_one_each() -> None:
    """A strip of two faces and a single face about vertex 2, which is the corner of all three."""
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 2]])
    apart, origin = with_rims_apart(faces, 6)
    np.testing.assert_array_equal(origin[apart], faces)
    assert apart[0, 2] == apart[1, 1] != apart[2, 2]
    assert (np.bincount(rim_edges(apart, len(origin)).ravel()) <= 2).all()


def test_where_no_parts_touch_nothing_changes() -> None:
    vertices, faces = ball(2)
    for places, some in ((vertices, faces), without(vertices, faces, vertices[:, 2] > 0.5)):
        apart, origin = with_rims_apart(some, len(places))
        assert apart is some
        np.testing.assert_array_equal(origin, np.arange(len(places)))


def test_means_over_neighbours() -> None:
    vertices, faces = ball(3)
    mean = umbrella(faces, len(vertices) + 1)  # one vertex without faces
    np.testing.assert_allclose(mean.sum(axis=1), [*np.ones(len(vertices)), 0])
    count = np.diff(mean.indptr)[:-1]
    assert (count == 5).sum() == 12  # an icosahedron's corners
    assert (count == 6).sum() == len(vertices) - 12
    wanted = vertices[np.unique(faces[(faces == 7).any(axis=1)])].sum(axis=0) - vertices[7]
    found = mean @ np.concatenate([vertices, [[0, 0, 0]]])
    np.testing.assert_allclose(found[7], wanted / count[7], atol=1e-12)


def test_mean_edges() -> None:
    vertices = np.array([[0.0, 0, 0], [3, 0, 0], [0, 4, 0], [9, 9, 9]])
    np.testing.assert_allclose(mean_edges(vertices, TRIANGLE), [3.5, 4, 4.5, 0])
    found = mean_edges(*without(*ball(3), np.zeros(642, bool)))
    assert found.std() < 0.1 * found.mean()
