"""Sparse evaluation: it misses no cell that the dense lattice crosses, and its values are the same."""

import math

import numpy as np
import pytest
import torch

from sdf_siren.errors import UsageError
from sdf_siren.fields import Box, Plane, SirenShape, Sphere, Torus, initialise
from sdf_siren.meshing import lattice as lattice_module
from sdf_siren.meshing.bricks import BRICK, members
from sdf_siren.meshing.lattice import check_resolution, evaluate_near_surface
from sdf_siren.meshing.search import everything, find_cells


class Moved:
    """A field turned about two axes and shifted, so that nothing lies along the lattice."""

    def __init__(self, field, shift=(0.11, -0.07, 0.05)):
        a, b = math.cos(0.4), math.sin(0.4)
        about_z = torch.tensor([[a, -b, 0.0], [b, a, 0.0], [0.0, 0.0, 1.0]])
        about_x = torch.tensor([[1.0, 0.0, 0.0], [0.0, a, -b], [0.0, b, a]])
        self.field, self.turn, self.shift = field, about_z @ about_x, torch.tensor(shift)

    def value(self, x):
        return self.field.value((x - self.shift) @ self.turn)

    def value_and_gradient(self, x):
        value, gradient = self.field.value_and_gradient((x - self.shift) @ self.turn)
        return value, gradient @ self.turn.T


FIELDS = {
    "sphere": Sphere(0.6),
    "small sphere": Sphere(0.04),
    "torus": Torus(0.6, 0.1),
    "thin torus": Moved(Torus(0.5, 0.03)),
    "box": Box(),
    "moved box": Moved(Box()),
    "thin plate": Moved(Box((0.6, 0.4, 0.01))),
    "needle": Moved(Box((0.6, 0.02, 0.02))),
    "random SIREN": initialise(SirenShape(width=24, hidden_layers=2), seed=1),
    "rougher SIREN": initialise(SirenShape(width=48, hidden_layers=3), seed=5, first_omega=45.0),
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


def corners(cells):
    """Which nodes are corners of cells."""
    nodes = np.zeros([n + 1 for n in cells.shape], dtype=bool)
    for i, j, k in np.ndindex(2, 2, 2):
        nodes[i : len(cells) + i, j : len(cells) + j, k : len(cells) + k] |= cells
    return nodes


def as_array(homes, words, resolution):
    """The cells in ``words`` as an array of booleans; fails if any lies outside of the cube."""
    cells = np.zeros((resolution,) * 3, dtype=bool)
    cells[tuple(members(homes, words).T)] = True
    return cells


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("resolution", [32, 45, 64])
def test_no_crossed_cell_is_missed_and_values_are_those_of_the_dense_lattice(name, resolution):
    lattice = evaluate_near_surface(FIELDS[name], resolution)
    values = dense(FIELDS[name], resolution)
    expected = crossed(values)
    assert expected.sum() > 0
    cells = as_array(lattice.bricks.homes, lattice.cells, resolution)
    assert not (expected & ~cells).any()
    found = np.full([n + 1 for n in cells.shape], np.nan, dtype=np.float32)
    nodes = members(lattice.bricks.homes, lattice.known)
    rows = lattice.bricks.rows(nodes // 4)
    found[tuple(nodes.T)] = lattice.values[rows, (nodes % 4) @ [16, 4, 1]]
    assert not np.isnan(found[corners(cells)]).any()
    np.testing.assert_allclose(found[~np.isnan(found)], values[~np.isnan(found)], rtol=1e-5, atol=1e-6)
    # Next to zero, the last bit of a network's value depends on the rows beside it.
    unsure = crossed(values - 1e-5) != crossed(values + 1e-5)
    found_crossed = as_array(lattice.bricks.homes, lattice.crossed, resolution)
    np.testing.assert_array_equal(found_crossed & ~unsure, expected & ~unsure)


@pytest.mark.parametrize("name", ["sphere", "moved box", "thin plate", "needle"])
def test_the_rest_of_a_surface_follows_from_one_cell(name, monkeypatch):
    # However little is foreseen: what is closed stays closed.
    def find_one(*arguments):
        homes, cells, evaluations = find_cells(*arguments)
        some = np.argmax(np.bitwise_count(cells))
        return homes[[some]], cells[[some]], evaluations

    expected = evaluate_near_surface(FIELDS[name], 64)
    monkeypatch.setattr(lattice_module, "find_cells", find_one)
    found = evaluate_near_surface(FIELDS[name], 64)
    np.testing.assert_array_equal(
        as_array(found.bricks.homes, found.crossed, 64), as_array(expected.bricks.homes, expected.crossed, 64)
    )
    # Then no node is evaluated in vain but those of the first brick.
    needed = corners(as_array(found.bricks.homes, found.crossed, 64)).sum()
    assert needed <= np.bitwise_count(found.known).sum() <= needed + 5**3


@pytest.mark.parametrize("name", ["moved box", "thin torus", "rougher SIREN"])
@pytest.mark.parametrize("resolution", [64, 90])
def test_of_a_part_of_the_cube_that_is_wanted_nothing_is_missed_and_little_else_is_made(name, resolution):
    def wanted(centres, radius):
        return centres[:, 0] < 0.1 + radius

    whole, part = (evaluate_near_surface(FIELDS[name], resolution, wanted=w) for w in (everything, wanted))
    cells, expected = (as_array(each.bricks.homes, each.crossed, resolution) for each in (part, whole))
    there = round(1.1 / part.cell)  # the cells below this have their centres below 0.1
    np.testing.assert_array_equal(cells[:there], expected[:there])
    assert not (cells & ~expected).any()
    beyond = 2 * BRICK  # the radius of a brick's ball, and bricks that share nodes with its own
    assert expected[there + beyond :].sum() > 0
    assert cells[there + beyond :].sum() == 0
    assert part.evaluations < whole.evaluations


def test_a_surface_that_leaves_the_cube_ends_there():
    lattice = evaluate_near_surface(Moved(Plane()), 33)
    expected = crossed(dense(Moved(Plane()), 33))
    np.testing.assert_array_equal(as_array(lattice.bricks.homes, lattice.crossed, 33), expected)


def test_work_grows_with_the_surface_not_the_volume():
    # Doubling the resolution quadruples the surface cells and multiplies the volume's by eight.
    counts = [evaluate_near_surface(Sphere(0.6), r).evaluations for r in (64, 128, 256)]
    assert counts[1] / counts[0] < 4.2
    assert counts[2] / counts[1] < 4.2
    assert counts[2] < 0.025 * 257**3


@pytest.mark.parametrize(
    ("name", "bound"),
    [("sphere", 1.3), ("moved box", 1.6), ("random SIREN", 2.2), ("rougher SIREN", 2.4)],
)
def test_few_nodes_are_evaluated_in_vain(name, bound):
    lattice = evaluate_near_surface(FIELDS[name], 128)
    needed = corners(as_array(lattice.bricks.homes, lattice.crossed, 128)).sum()
    assert np.bitwise_count(lattice.known).sum() < bound * needed


def test_progress_ends_complete():
    reports = []
    evaluate_near_surface(Sphere(), 64, report=lambda done, total: reports.append((done, total)))
    assert reports[-1][0] == reports[-1][1] > 0
    assert all(done <= total for done, total in reports)
    assert reports == sorted(reports)


@pytest.mark.parametrize("resolution", [0, 4, 1025, -8])
def test_unusable_resolutions_are_refused(resolution):
    with pytest.raises(UsageError, match="from 8 to 1024"):
        check_resolution(resolution)
