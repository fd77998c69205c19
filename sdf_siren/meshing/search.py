"""Which cells of a lattice the zero level set of a field may cross, found from coarse to fine.

Blocks of cells are halved down to bricks. Each block that is looked at has the field's value f and
gradient g at its centre, and how much the gradient turns on the way to its corners,

    turn = max |g(child) - g(parent)|   over the children of one parent:

a child's centre is as far from its parent's centre as from its own corners, and the four diagonals see
the second derivative from all sides. At distance q from the centre the field then differs from its
tangent by about ``turn q^2 / 2r`` at most, with r half the block's diagonal, and a box of half side b
at d from the centre can be crossed only if

    |f + g . d|  <=  |g|_1 b + BEND turn q^2 / 2r,     q = | |d| + b |.

The first term is the box's support: exact for a plane, where the ball around the box keeps up to sqrt(3)
times as much. The same test serves the block itself, its children before they are looked at, and the
cells of a brick, none of which costs an evaluation of its own.

The turn is *sampled*, not proven (the product of the weights' norms would prove one, astronomically
loose); where it is as large as the gradient, as on both sides of a thin sheet, the slope is the better
bound, and a block is dropped too if |f| exceeds ``SLOPE r`` times the largest gradient of its family, and
at least 1. What is missed beside something found is made up for in :mod:`sdf_siren.meshing.lattice`;
tests and ``benchmarks/extraction.py`` compare with dense evaluation cell by cell.

Halving once more where a brick keeps most of its cells was not worth it: eight gradients cost as much as
twenty values, and saved fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.fields import Field
from sdf_siren.meshing.bricks import BRICK, Words, word

BEND = 2.5
"""Safety factor on how far the field may be from its tangent, for blocks: one that is dropped in error
may hold a whole part of the surface."""

BEND_IN_A_BRICK = 1.5
"""The same for the cells of a brick: more would be paid for at every node near the surface, while a cell
that is dropped in error is found again as a neighbour. With 1 that neighbourhood repaired all of a good
fit for 0.93 of the nodes, but two cells of 951,160 were lost in a fit stopped after 30 steps."""

SLOPE = 1.25
"""Safety factor on the largest sampled gradient."""

Wanted = Callable[[NDArray[np.float64], float], NDArray[np.bool_]]
"""Which balls, by their centres (n, 3) in the cube and their radius, hold any of what is wanted."""


def everything(centres: NDArray[np.float64], radius: float) -> NDArray[np.bool_]:
    """All of the cube is wanted."""
    return np.ones(len(centres), dtype=bool)


FEWEST_BLOCKS = 8
"""Blocks along a side to begin with, at least. Nothing is known about their turn, so all are halved."""

_BRICKS_AT_ONCE = 16_384
"""Whose cells are tested together: 64 numbers each, and some more on the way."""


@dataclass(frozen=True)
class _Blocks:
    """Blocks of cells and what is known about the field in them.

    Attributes:
        low: (n, 3) int32 each block's lowest cell.
        half: half a side in the cube.
        value: (n,) at the centres.
        gradient: (n, 3) at the centres.
        turn: (n,) how much the gradient may turn on the way to a corner, without safety factor.
    """

    low: NDArray[np.int32]
    half: float
    value: NDArray[np.float32]
    gradient: NDArray[np.float32]
    turn: NDArray[np.float32]

    @property
    def radius(self) -> float:
        """Half the diagonal in the cube."""
        return float(np.sqrt(3) * self.half)

    def __getitem__(self, which: NDArray[np.bool_] | slice) -> _Blocks:
        return _Blocks(self.low[which], self.half, self.value[which], self.gradient[which], self.turn[which])


def find_cells(
    field: Field, resolution: int, device: torch.device | str, wanted: Wanted = everything
) -> tuple[NDArray[np.int32], Words, int]:
    """Cells that the surface may cross, by bricks, of those bricks that are wanted.

    Returns:
        homes (n, 3) of the bricks that have such cells, in bricks; which cells, (n,) words;
        and the evaluations of value and gradient that this took.
    """
    size = BRICK
    while -(-resolution // (2 * size)) >= FEWEST_BLOCKS:
        size *= 2
    low = size * np.argwhere(np.ones((-(-resolution // size),) * 3, dtype=bool)).astype(np.int32)
    value, gradient = _at_centres(field, low, size, resolution, device)
    blocks = _Blocks(low, size / resolution, value, gradient, np.full(len(low), np.inf, dtype=np.float32))
    evaluations = len(low)
    while size > BRICK:
        size //= 2
        blocks, looked_at = _halved(field, blocks, size, resolution, device)
        blocks = blocks[wanted(centres(blocks.low, size, resolution), blocks.radius)]
        evaluations += looked_at
    cells = np.empty(len(blocks.low), dtype=np.uint64)
    for start in range(0, len(cells), _BRICKS_AT_ONCE):
        some = slice(start, start + _BRICKS_AT_ONCE)
        cells[some] = word(_may_cross(blocks[some], BRICK, BEND_IN_A_BRICK))
    found = cells != 0
    return blocks.low[found] // BRICK, cells[found], evaluations


def _halved(
    field: Field, parents: _Blocks, size: int, resolution: int, device: torch.device | str
) -> tuple[_Blocks, int]:
    """Children, ``size`` cells along a side, that the surface may cross; and how many were looked at."""
    parent, child = np.nonzero(_may_cross(parents, 2, BEND))
    low = parents.low[parent] + size * np.argwhere(np.ones((2, 2, 2), dtype=bool)).astype(np.int32)[child]
    in_cube = (low < resolution).all(axis=1)
    low, parent = low[in_cube], parent[in_cube]
    value, gradient = _at_centres(field, low, size, resolution, device)
    turn, slope = np.zeros((2, len(parents.low)), dtype=np.float32)
    np.maximum.at(turn, parent, np.linalg.norm(gradient - parents.gradient[parent], axis=1))
    np.maximum.at(slope, parent, np.linalg.norm(gradient, axis=1))
    children = _Blocks(low, parents.half / 2, value, gradient, turn[parent])
    # What is looked for is a distance, so the slope is at least 1.
    within_slope = np.abs(value) <= SLOPE * children.radius * np.maximum(slope[parent], 1)
    return children[within_slope & _may_cross(children, 1, BEND)[:, 0]], len(low)


def _may_cross(blocks: _Blocks, parts: int, bend: float) -> NDArray[np.bool_]:
    """Whether the surface may cross each of the ``parts``^3 boxes (n, parts^3) of each block."""
    half = blocks.half / parts
    offset = np.linspace(half - blocks.half, blocks.half - half, parts, dtype=np.float32)
    steps = blocks.gradient[:, :, None] * offset
    tangent = blocks.value[:, None] + steps[:, 0]
    for axis in (1, 2):
        tangent = (tangent[:, :, None] + steps[:, axis, None, :]).reshape(len(steps), -1)
    farthest = np.square(np.abs(offset) + half)
    reach = farthest[:, None, None] + farthest[:, None] + farthest  # q^2 of each box
    support = half * np.abs(blocks.gradient).sum(axis=1)
    bound = np.outer(blocks.turn, np.float32(bend / (2 * blocks.radius)) * reach.reshape(-1))
    bound += support[:, None]
    return np.abs(tangent, out=tangent) <= bound


def centres(low: NDArray[np.int32], size: int, resolution: int) -> NDArray[np.float64]:
    """(n, 3) in the cube, of blocks of ``size`` cells from cell ``low`` (n, 3) on."""
    return np.asarray((low + size / 2) * (2 / resolution) - 1)


def _at_centres(
    field: Field, low: NDArray[np.int32], size: int, resolution: int, device: torch.device | str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Values (n,) and gradients (n, 3) at the centres of blocks of ``size`` cells."""
    centre = torch.from_numpy(centres(low, size, resolution).astype(np.float32))
    value, gradient = field.value_and_gradient(centre.to(device))
    return value[:, 0].cpu().numpy(), gradient.cpu().numpy()
