"""Triangles: exact solids with the expected order of convergence, and blocks that leave no seam."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes

from sdf_siren.fields import Box, SirenShape, Sphere, Torus, initialise
from sdf_siren.meshing import level_set


def dense(field, resolution):
    """Every node of the lattice as one array."""
    nodes = np.stack(np.meshgrid(*[np.arange(resolution + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    x = torch.from_numpy((nodes * (2 / resolution) - 1).astype(np.float32))
    return field.value(x)[:, 0].numpy().reshape([resolution + 1] * 3)


def measures(vertices, faces):
    """Area, signed volume and Euler characteristic; fails on an edge without exactly two faces."""
    corner = vertices[faces]
    cross = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    assert (count == 2).all(), "not watertight"
    area = np.linalg.norm(cross, axis=1).sum() / 2
    volume = (cross * corner[:, 0]).sum() / 6
    return area, volume, len(vertices) - len(unique) + len(faces)


SOLIDS = {
    "sphere": (Sphere(0.6), 4 * math.pi * 0.36, 4 / 3 * math.pi * 0.216, 2),
    "torus": (Torus(0.6, 0.25), 4 * math.pi**2 * 0.15, 2 * math.pi**2 * 0.6 * 0.0625, 0),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_area_and_volume_converge_with_second_order(name):
    field, area, volume, characteristic = SOLIDS[name]
    errors = []
    for resolution in (32, 64, 128):
        vertices, faces, _ = level_set(field, resolution)
        found_area, found_volume, found_characteristic = measures(vertices, faces)
        assert found_volume > 0, "faces must be counter-clockwise seen from outside"
        assert found_characteristic == characteristic
        errors.append((abs(found_area / area - 1), abs(found_volume / volume - 1)))
    order = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert (order > 1.8).all(), order
    assert (order < 2.4).all(), order
    assert max(errors[-1]) < 2e-3


@pytest.mark.parametrize("resolution", [40, 64, 100])
def test_blocks_give_the_mesh_of_the_dense_lattice(resolution):
    # A random network: many sheets, cut by every face of every block and by the cube itself.
    field = initialise(SirenShape(width=24, hidden_layers=2), seed=2)
    vertices, faces, _ = level_set(field, resolution)
    expected, expected_faces, _, _ = marching_cubes(
        dense(field, resolution), 0.0, gradient_direction="descent"
    )
    expected = expected * (2 / resolution) - 1
    assert len(vertices) == len(expected)
    assert len(faces) == len(expected_faces)

    # As sets of triangles: every one has a partner within a hundredth of a cell. (Values next to zero
    # are moved away from it, by 1e-4 of a cell where the gradient is one; here it is often less.)
    distance, partner = cKDTree(expected[expected_faces].mean(axis=1)).query(vertices[faces].mean(axis=1))
    assert distance.max() < 1e-2 * 2 / resolution
    assert len(np.unique(partner)) > 0.999 * len(partner)


def test_a_surface_through_nodes_stays_manifold():
    # Faces of this box lie exactly on planes of nodes: the worst case for welding by equality.
    vertices, faces, _ = level_set(Box((0.5, 0.25, 0.5)), 64)
    area, volume, characteristic = measures(vertices, faces)
    assert characteristic == 2
    assert volume == pytest.approx(0.5, rel=1e-2)
    # Marching cubes cuts 10 units of edges off, (2 - sqrt 2) of a cell each.
    assert area == pytest.approx(4.0 - 10 * (2 - math.sqrt(2)) * 2 / 64, rel=5e-3)


@pytest.mark.parametrize("resolution", [8, 9, 10, 11, 33, 63])
def test_any_resolution_gives_a_closed_mesh(resolution):
    area, volume, characteristic = measures(*level_set(Sphere(0.6), resolution)[:2])
    assert characteristic == 2
    assert volume == pytest.approx(4 / 3 * math.pi * 0.216, rel=5 / resolution**1.5)
    assert area == pytest.approx(4 * math.pi * 0.36, rel=5 / resolution**1.5)


def test_nothing_there_gives_nothing():
    vertices, faces, _ = level_set(_Far(), 32)
    assert vertices.shape == (0, 3)
    assert faces.shape == (0, 3)


class _Far:
    def value(self, x):
        return torch.full((len(x), 1), 5.0)

    def value_and_gradient(self, x):
        return self.value(x), torch.zeros_like(x)
