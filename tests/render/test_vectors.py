"""Vectors by the thousand against one at a time."""

import numpy as np

from sdf_siren.render.vectors import dot, tangents, unit

MANY = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)


def test_inner_products_with_many_and_with_one() -> None:
    np.testing.assert_allclose(dot(MANY, MANY[::-1]), (MANY * MANY[::-1]).sum(axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dot(MANY, MANY[0]), (MANY * MANY[0]).sum(axis=1), rtol=1e-4, atol=1e-5)


def test_unit_vectors_and_the_zero_vector() -> None:
    np.testing.assert_allclose(np.linalg.norm(unit(MANY), axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(unit(np.zeros((1, 3), dtype=np.float32)), 0)


def test_tangents_and_normal_are_at_right_angles_and_right_handed() -> None:
    poles = np.array([[0, 0, 1], [0, 0, -1], [1, 0, 0]], dtype=np.float32)
    normals = np.concatenate([unit(MANY), poles])
    axes = np.stack([*tangents(normals), normals], axis=1)
    np.testing.assert_allclose(
        axes @ axes.transpose(0, 2, 1), np.broadcast_to(np.eye(3), axes.shape), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.det(axes), 1, atol=1e-5)
