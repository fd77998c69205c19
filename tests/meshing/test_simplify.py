"""Decimation: as few faces as asked, closed where it was closed, nothing turned over."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_meshes import ball, extracted, unit_faces, without

from sdf_siren.artifacts import Mesh, area_vectors
from sdf_siren.fields.shapes import Sphere, Torus
from sdf_siren.meshing.simplify import simplify
from sdf_siren.metrics import topology


@pytest.mark.parametrize("most", [5000, 1000, 200])
@pytest.mark.parametrize("shape", [Sphere(0.7), Torus()])
def test_faces_are_fewer_and_the_surface_is_the_same(shape: Sphere | Torus, most: int) -> None:
    vertices, faces = extracted(shape)
    assert len(faces) > 5000
    found, fewer = simplify(vertices, faces, most)
    assert 0.99 * most <= len(fewer) <= most
    before, after = topology(Mesh(vertices, faces)), topology(Mesh(found, fewer))
    assert after.watertight
    assert after.components == 1
    # Euler's number, which tells the torus from the sphere: v - e + f, e = 3 f / 2
    assert len(found) - len(fewer) // 2 == len(vertices) - len(faces) // 2
    assert after.volume == pytest.approx(before.volume, rel=10 / most)
    middle = torch.from_numpy(found[fewer].mean(axis=1))
    gradient = shape.value_and_gradient(middle)[1].numpy()
    assert (unit_faces(found, fewer) * gradient).sum(axis=1).min() > 0.5


def test_fewer_than_the_fewest() -> None:
    found, faces = simplify(*ball(3), 4)
    assert len(faces) == 4
    assert topology(Mesh(found, faces)).watertight
    first, second = ball(3), ball(3)
    both = np.concatenate([first[0], second[0] + 3]), np.concatenate([first[1], second[1] + len(first[0])])
    found, faces = simplify(*both, 4)
    assert topology(Mesh(found, faces)).components == 2
    assert len(faces) == 8


def test_what_is_small_enough_stays_as_it_is() -> None:
    vertices, faces = ball(1)
    found = simplify(vertices, faces, len(faces))
    assert found[0] is vertices
    assert found[1] is faces


def test_the_rim_keeps_its_shape() -> None:
    x, y = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 40))
    vertices = np.stack([x.ravel(), y.ravel(), 0.1 * np.sin(3 * x.ravel())], axis=1)
    corner = (np.arange(39)[:, None] * 40 + np.arange(39)).ravel()
    faces = np.concatenate([corner[:, None] + np.array([0, 1, 41]), corner[:, None] + np.array([0, 41, 40])])
    found, fewer = simplify(vertices, faces, 200)
    np.testing.assert_allclose(np.ptp(found, axis=0)[:2], 2, rtol=0.005)
    area = area_vectors(found, fewer)
    assert area[:, 2].sum() == pytest.approx(4, rel=0.005)  # seen from above
    assert area[:, 2].min() > 0


def test_parts_that_touch_in_a_vertex_are_simplified_too() -> None:
    """Two squares with a corner in common."""
    place = np.stack(np.meshgrid(np.arange(6), np.arange(6), indexing="ij"), axis=-1).reshape(-1, 2) / 10
    i = np.arange(36).reshape(6, 6)
    quads = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 4)
    one = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])
    vertices = np.pad(np.concatenate([place, place + 0.5]), ((0, 0), (0, 1)))
    faces = np.concatenate([one, np.where(one == 0, -1, one) + 36])  # the second one's first corner is 35
    found, fewer = simplify(vertices, faces, 20)
    assert 4 <= len(fewer) <= 20
    np.testing.assert_allclose(np.abs(area_vectors(found, fewer)).sum(), 0.5, atol=1e-9)


def test_edges_of_three_faces_are_refused() -> None:
    vertices, faces = without(*ball(2), np.zeros(162, bool))
    crowded = np.concatenate([faces, [[faces[0, 0], faces[0, 1], 100]]])
    with pytest.raises(ValueError, match="two faces at every edge"):
        simplify(vertices, crowded, 50)
