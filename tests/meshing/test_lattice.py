"""Sparse evaluation: it misses no cell that the dense lattice crosses, and its values are the same."""

import numpy as np
import pytest
import torch

from sdf_siren.errors import UsageError
from sdf_siren.fields import Box, SirenShape, Sphere, Torus, initialise
from sdf_siren.meshing.lattice import BRICK, check_resolution, evaluate_near_surface

FIELDS = {
    "sphere": Sphere(0.6),
    "small sphere": Sphere(0.03),
    "torus": Torus(0.6, 0.1),
    "box": Box(),
    "random SIREN": initialise(SirenShape(width=24, hidden_layers=2), seed=1),
}


def dense(field, resolution):
    """Every node of the lattice, one block."""
    nodes = np.stack(np.meshgrid(*[np.arange(resolution + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    x = torch.from_numpy((nodes * (2 / resolution) - 1).astype(np.float32))
    return field.value(x)[:, 0].numpy().reshape([resolution + 1] * 3)


def crossed(values):
    """Which cells have nodes of both signs."""
    corners = [
        values[i : len(values) - 1 + i, j : len(values) - 1 + j, k : len(values) - 1 + k] < 0
        for i, j, k in np.ndindex(2, 2, 2)
    ]
    count = sum(corner.astype(int) for corner in corners)
    return (count > 0) & (count < 8)


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("resolution", [32, 44, 64])
def test_no_crossed_cell_is_missed_and_values_are_those_of_the_dense_lattice(name, resolution):
    lattice = evaluate_near_surface(FIELDS[name], resolution)
    values = dense(FIELDS[name], resolution)
    cells = crossed(values)
    assert cells.sum() > 0
    active = lattice.active.repeat(BRICK, 0).repeat(BRICK, 1).repeat(BRICK, 2)
    assert not (cells & ~active).any()
    for i, j, k in np.argwhere(lattice.active):
        low = np.array([i, j, k]) * BRICK
        nodes = (
            np.stack(np.meshgrid(*[np.arange(BRICK + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + low
        )
        found = lattice.values[(lattice.index[tuple((nodes // BRICK).T)], *(nodes % BRICK).T)]
        np.testing.assert_allclose(found, values[tuple(nodes.T)], rtol=1e-5, atol=1e-6)


def test_work_grows_with_the_surface_not_the_volume():
    # Doubling the resolution quadruples the surface cells and multiplies the volume's by eight.
    counts = [evaluate_near_surface(Sphere(0.6), r).evaluations for r in (64, 128, 256)]
    assert counts[1] / counts[0] < 4.2
    assert counts[2] / counts[1] < 4.2
    assert counts[2] < 0.05 * 257**3


def test_progress_ends_complete():
    reports = []
    evaluate_near_surface(Sphere(), 64, report=lambda done, total: reports.append((done, total)))
    assert reports[-1][0] == reports[-1][1] > 0


@pytest.mark.parametrize("resolution", [0, 4, 1025, -8])
def test_unusable_resolutions_are_refused(resolution):
    with pytest.raises(UsageError, match="from 8 to 1024"):
        check_resolution(resolution)
