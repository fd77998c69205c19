"""Coarse triangles: nearer to the surface as a whole than with their corners on it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_meshes import ball, extracted, samples, unit_faces

from sdf_siren.fields.shapes import Plane, Sphere, Torus
from sdf_siren.meshing.settle import settled
from sdf_siren.meshing.simplify import simplify


def off(shape: Sphere | Torus, vertices: np.ndarray, faces: np.ndarray) -> float:
    """Root mean square distance of the faces from the surface."""
    distance = shape.value(torch.from_numpy(samples(vertices, faces)))
    return float(distance.square().mean().sqrt())


def test_the_best_icosahedron_is_neither_inside_nor_outside() -> None:
    vertices, faces = ball(1)
    found = settled(Sphere(0.5), 0.5 * vertices, faces)
    radius = np.linalg.norm(found, axis=1)
    # By symmetry all that changes is the size; the best one by search.
    sizes = np.linspace(0.48, 0.56, 161)
    best = sizes[np.argmin([off(Sphere(0.5), size * vertices, faces) for size in sizes])]
    assert radius.mean() == pytest.approx(best, abs=0.002)
    assert off(Sphere(0.5), found, faces) < 0.5 * off(Sphere(0.5), 0.5 * vertices, faces)


@pytest.mark.parametrize("most", [300, 3000])
def test_a_decimated_torus_is_nearer_than_before_and_than_with_corners_on_it(most: int) -> None:
    shape = Torus()
    vertices, faces = simplify(*extracted(shape), most)
    found = settled(shape, vertices, faces)
    value, gradient = (part.numpy() for part in shape.value_and_gradient(torch.from_numpy(vertices)))
    projected = vertices - value * gradient
    assert off(shape, found, faces) < off(shape, vertices, faces) < off(shape, projected, faces)
    assert off(shape, found, faces) < 0.6 * off(shape, projected, faces)
    middle = torch.from_numpy(found[faces].mean(axis=1))
    outward = shape.value_and_gradient(middle)[1].numpy()
    assert (unit_faces(found, faces) * outward).sum(axis=1).min() > 0.5


def test_faces_of_a_plane_are_taken_onto_it() -> None:
    rng = np.random.default_rng(0)
    vertices, faces = ball(2)
    half = vertices[:, 2] > -2
    flat = np.column_stack([vertices[half, :2], 0.25 + 0.01 * rng.normal(size=half.sum())])
    upper = faces[(vertices[faces][:, :, 2] > 0.3).all(axis=1)]
    used = np.unique(upper)
    found = settled(Plane(offset=0.25), flat, upper)
    assert np.abs(found[used, 2] - 0.25).max() < 0.1 * np.abs(flat[used, 2] - 0.25).max()
    np.testing.assert_array_equal(found[used, :2], flat[used, :2])
    unused = np.setdiff1d(np.arange(len(flat)), used)
    np.testing.assert_array_equal(found[unused], flat[unused])


def test_what_is_far_from_the_level_set_stays() -> None:
    vertices, faces = ball(2)
    far = 0.2 * vertices
    np.testing.assert_array_equal(settled(Sphere(0.9), far, faces), far)


def test_nothing_is_turned_over() -> None:
    rng = np.random.default_rng(1)
    vertices, faces = ball(3)
    rough = 0.5 * vertices + 0.03 * rng.normal(size=vertices.shape)  # half a side: folds everywhere
    found = settled(Sphere(0.5), rough, faces)
    before, after = unit_faces(rough, faces), unit_faces(found, faces)
    assert (before * after).sum(axis=1).min() >= 0
    assert off(Sphere(0.5), found, faces) < off(Sphere(0.5), rough, faces)


def test_cutting_into_batches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces = simplify(*extracted(Torus()), 1000)
    whole = settled(Torus(), vertices, faces)
    monkeypatch.setattr("sdf_siren.meshing.settle._FACES_AT_ONCE", 77)
    np.testing.assert_allclose(settled(Torus(), vertices, faces), whole, atol=1e-6)
