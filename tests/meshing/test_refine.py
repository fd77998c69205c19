"""Splitting edges: within the tolerance, still watertight, nothing where it is flat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.artifacts import Mesh
from sdf_siren.fields import Box, Sphere
from sdf_siren.meshing import level_set
from sdf_siren.meshing.refine import refine, split_faces
from sdf_siren.metrics import topology

RADIUS = 0.6


def onto_sphere(vertices):
    direction = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    return RADIUS * direction, direction.astype(np.float32)


def sphere(resolution=16):
    vertices, faces, _ = level_set(Sphere(RADIUS), resolution)
    return *onto_sphere(vertices), faces


def greatest_gap(vertices, faces):
    """The sphere's height over the middle of the longest edges."""
    middles = (vertices[faces] + vertices[np.roll(faces, -1, axis=1)]) / 2
    return (RADIUS - np.linalg.norm(middles, axis=2)).max()


@given(st.floats(1e-4, 0.02))
def test_watertight_and_of_the_same_topology_whatever_is_split(tolerance):
    vertices, normals, faces = sphere()
    fine, fine_normals, split = refine(vertices, normals, faces, tolerance, onto_sphere)
    before, after = topology(Mesh(vertices, faces)), topology(Mesh(fine, split))
    assert after.watertight
    assert after.components == 1
    assert after.vertices - after.faces / 2 == before.vertices - before.faces / 2  # Euler's number
    assert len(fine) == len(fine_normals)
    assert before.volume <= after.volume < 4 / 3 * np.pi * RADIUS**3


def test_the_tolerance_is_kept():
    vertices, normals, faces = sphere()
    assert greatest_gap(vertices, faces) > 1.2e-3
    fine, _, split = refine(vertices, normals, faces, 1e-3, onto_sphere)
    assert greatest_gap(fine, split) < 1.05e-3
    assert len(split) < 10 * len(faces)


def test_old_vertices_stay_where_they_were():
    vertices, normals, faces = sphere()
    fine, fine_normals, _ = refine(vertices, normals, faces, 1e-3, onto_sphere)
    np.testing.assert_array_equal(fine[: len(vertices)], vertices)
    np.testing.assert_array_equal(fine_normals[: len(vertices)], normals)


def test_flat_faces_are_left_alone():
    vertices, faces, _ = level_set(Box((0.5, 0.5, 0.5)), 16)
    up = np.zeros_like(vertices, dtype=np.float32)
    up[:, 2] = 1
    flat = faces[(vertices[faces][..., 2] > 0.4).all(axis=1)]
    found, _, split = refine(vertices, up, flat, 1e-6, onto_sphere)
    assert len(found) == len(vertices)
    np.testing.assert_array_equal(split, flat)


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_triangle_is_cut_into_as_many_as_its_split_sides_ask_for(sides):
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    vertices = np.concatenate([corners, middles])
    added = np.where(sides, [3, 4, 5], -1)
    faces = split_faces(np.array([[0, 1, 2]]), added[None])
    a, b, c = vertices[faces].transpose(1, 0, 2)
    area = np.cross(b - a, c - a)[:, 2] / 2
    assert len(faces) == 1 + sum(sides)
    assert (area > 0).all()
    assert area.sum() == pytest.approx(0.5)
    assert set(faces.ravel()) == {0, 1, 2, *added[added >= 0]}
