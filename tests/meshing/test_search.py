"""What is foreseen from tangents: exact for planes, and enough for anything smooth."""

import numpy as np
import pytest
import torch

from sdf_siren.fields import Plane, Sphere, Torus
from sdf_siren.meshing.bricks import members
from sdf_siren.meshing.search import find_cells


def dense_crossed(field, resolution):
    nodes = np.stack(np.meshgrid(*[np.arange(resolution + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    x = torch.from_numpy((nodes * (2 / resolution) - 1).astype(np.float32))
    inside = field.value(x)[:, 0].numpy().reshape([resolution + 1] * 3) < 0
    corners = [
        inside[i : resolution + i, j : resolution + j, k : resolution + k] for i, j, k in np.ndindex(2, 2, 2)
    ]
    return np.any(corners, axis=0) & ~np.all(corners, axis=0)


def foreseen(field, resolution):
    homes, words, evaluations = find_cells(field, resolution, "cpu")
    cells = np.zeros((resolution,) * 3, dtype=bool)
    cells[tuple(members(homes, words).T)] = True
    return cells, evaluations


@pytest.mark.parametrize("normal", [(0.6, 0.0, 0.8), (2 / 3, -1 / 3, 2 / 3), (0.36, 0.48, 0.8)])
def test_of_a_plane_the_crossed_cells_and_no_others(normal):
    cells, _ = foreseen(Plane(normal, 0.1234), 64)
    np.testing.assert_array_equal(cells, dense_crossed(Plane(normal, 0.1234), 64))


@pytest.mark.parametrize(("field", "bound"), [(Sphere(0.6), 1.3), (Torus(0.6, 0.2), 1.7)])
def test_of_a_smooth_surface_every_crossed_cell_and_few_others(field, bound):
    cells, evaluations = foreseen(field, 128)
    expected = dense_crossed(field, 128)
    assert not (expected & ~cells).any()
    assert cells.sum() < bound * expected.sum()
    assert evaluations < 0.5 * expected.sum()


def test_where_there_is_nothing_little_is_looked_at():
    class Far:
        def value_and_gradient(self, x):
            return torch.full((len(x), 1), 5.0), torch.zeros_like(x)

    homes, words, evaluations = find_cells(Far(), 64, "cpu")
    assert homes.shape == (0, 3)
    assert words.shape == (0,)
    assert evaluations <= 9 * 8**3
