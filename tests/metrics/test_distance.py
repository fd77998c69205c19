"""Point-to-triangle distances against closed forms and against brute force."""

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.metrics.distance import SurfaceDistance, point_triangle_distance

TRIANGLE = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0]])


@pytest.mark.parametrize(
    ("point", "distance"),
    [
        ((0.5, 0.5, 3), 3),  # over the inside
        ((0.5, 0.5, 0), 0),  # on it
        ((-3, 0, 4), 5),  # beyond the corner at the origin
        ((5, 0, 4), 5),  # beyond a corner along an edge's line
        ((1, -3, 4), 5),  # beside an edge
        ((2, 2, 1), np.sqrt(3)),  # beside the long edge
    ],
)
def test_distance_in_each_region(point: tuple[float, float, float], distance: float) -> None:
    found = point_triangle_distance(np.array([point], dtype=float), TRIANGLE[None])
    np.testing.assert_allclose(found, distance, atol=1e-15)


@pytest.mark.parametrize("corners", [[[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 0, 0], [2, 0, 0], [2, 0, 0]]])
def test_a_triangle_without_area_is_its_edges(corners: list[list[float]]) -> None:
    points = np.array([[1.0, 3, 4], [-3, 4, 0], [5, 0, -4]])
    triangles = np.broadcast_to(np.array(corners, dtype=float), (3, 3, 3))
    np.testing.assert_allclose(point_triangle_distance(points, triangles), 5)


def test_a_triangle_of_one_point_is_that_point() -> None:
    np.testing.assert_allclose(point_triangle_distance(np.array([[3.0, 4, 0]]), np.zeros((1, 3, 3))), 5)


@given(
    arrays(float, (3, 3), elements=st.floats(-1, 1, width=16)),
    arrays(float, 3, elements=st.floats(-2, 2, width=16)),
)
def test_no_point_of_the_triangle_is_nearer(corners: np.ndarray, point: np.ndarray) -> None:
    steps = np.linspace(0, 1, 41)
    u, v = (grid.ravel() for grid in np.meshgrid(steps, steps))
    u, v = u[u + v <= 1], v[u + v <= 1]
    on_it = corners[0] + u[:, None] * (corners[1] - corners[0]) + v[:, None] * (corners[2] - corners[0])
    nearest = np.linalg.norm(on_it - point, axis=1).min()
    distance = float(point_triangle_distance(point[None], corners[None])[0])
    assert nearest - 0.15 <= distance <= nearest + 1e-12


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (1e6, 1.0), (-1e6, 1e-2), (0.0, 1e9)])
def test_a_mesh_at_any_place_and_scale(offset: float, scale: float) -> None:
    box = trimesh.creation.box((2, 2, 2))
    vertices = box.vertices * scale + offset
    query = SurfaceDistance(Mesh(vertices, box.faces), Similarity.fitting(vertices))
    points = np.array([[3.0, 0.2, 0.1], [0.25, 0.1, 0.0], [4, 5, 0], [-1, 0.3, 0.2]])
    distance, faces = query(points * scale + offset)
    # Rounding of the coordinates themselves is all that may be lost.
    np.testing.assert_allclose(
        distance, np.array([2, 0.75, 5, 0]) * scale, atol=2e-16 * abs(offset) * 2 + 1e-15 * scale
    )
    normals = np.cross(*np.diff(box.vertices[box.faces[faces]], axis=1).swapaxes(0, 1))
    np.testing.assert_allclose(normals[[0, 1, 3], 0], [4, 4, -4])
