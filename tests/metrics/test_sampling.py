"""Samples lie on their faces and are as many as the area says."""

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import InputError
from sdf_siren.metrics.sampling import face_normals, sample_surface

FAN = Mesh(
    # Areas 0.5, 0 (a line), 50, 5: one face carries nine tenths.
    np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10], [0, 1, 0]]),
    np.array([[0, 1, 2], [0, 1, 3], [0, 4, 5], [0, 6, 7]]),
)


@given(count=st.integers(1, 400), seed=st.integers(0, 2**32))
def test_each_face_gets_its_share_and_every_point_lies_on_its_face(count: int, seed: int) -> None:
    samples = sample_surface(FAN, count, seed)
    share = np.bincount(samples.faces, minlength=4)
    assert share.sum() == count
    assert np.abs(share - count * np.array([0.5, 0, 50, 5]) / 55.5).max() < 2
    assert share[1] == 0
    np.testing.assert_allclose(samples.weights.sum(axis=1), 1)
    assert samples.weights.min() >= 0
    corners = FAN.vertices[FAN.faces[samples.faces]]
    np.testing.assert_allclose(samples.points, np.einsum("nk,nkd->nd", samples.weights, corners))


def test_samples_are_uniform_inside_a_triangle() -> None:
    triangle = Mesh(np.eye(3), np.array([[0, 1, 2]]))
    points = sample_surface(triangle, 200_000).points
    # Moments of the uniform distribution on a simplex: mean 1/3, second moment 1/6, mixed 1/12.
    np.testing.assert_allclose(points.mean(axis=0), 1 / 3, atol=3e-3)
    np.testing.assert_allclose(
        points.T @ points / len(points), np.full((3, 3), 1 / 12) + np.eye(3) / 12, atol=3e-3
    )


def test_a_seed_fixes_the_samples() -> None:
    first, again, other = (sample_surface(FAN, 100, seed).points for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("faces", [np.zeros((0, 3)), [[0, 1, 3]], [[0, 0, 1]]])
def test_no_area_is_an_error(faces: np.ndarray) -> None:
    with pytest.raises(InputError, match="area above zero"):
        sample_surface(Mesh(FAN.vertices, np.asarray(faces)), 10)


def test_samples_are_asked_for_in_positive_numbers() -> None:
    with pytest.raises(ValueError, match="at least one"):
        sample_surface(FAN, 0)


def test_face_normals_point_outward_and_are_zero_without_area() -> None:
    box = trimesh.creation.box()
    normals = face_normals(Mesh(box.vertices, box.faces))
    centres = box.vertices[box.faces].mean(axis=1)
    assert (np.einsum("ij,ij->i", normals, centres) > 0.4).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    np.testing.assert_array_equal(face_normals(FAN)[1], 0)
