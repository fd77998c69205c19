"""Values of a field on a lattice, evaluated only where the zero level set can be.

The lattice is aligned with the cube [-1, 1]^3 and the same whatever is evaluated of it: node
(i, j, k) stands at ``-1 + h (i, j, k)`` with ``h = 2 / resolution``. Blocks of cells are halved from
coarse to fine; a block is dropped when the field at its centre is too far from zero for the surface
to reach it, given a bound on how fast the field changes. The leaves are bricks of 4^3 cells; a
resolution that is no multiple of four lets the last ones stick out of the cube.

The bound is *sampled*: the largest gradient at the centres of the block and of its seven siblings,
and at least 1, times a safety factor. It is not a proof (the product of the weights' norms would be
one, and is astronomically loose); tests and benchmarks audit it against dense evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.errors import UsageError
from sdf_siren.fields import Field

BRICK = 4
"""Cells along a side of a leaf."""

SMALLEST, LARGEST = 2 * BRICK, 1024
COARSE_BLOCKS = 16
"""Blocks along a side to begin with, at least."""

SAFETY = 1.25
_NODES_AT_ONCE = 262_144


@dataclass(frozen=True)
class BrickLattice:
    """Nodes of a lattice, stored in bricks of 4^3 nodes, where cells are active.

    Attributes:
        resolution: cells along a side of the cube.
        index: (b + 1, b + 1, b + 1) int32 with b bricks of cells along a side: which brick holds the
            nodes from ``BRICK * (i, j, k)`` on; the last entry of ``values`` where none does.
        active: (b, b, b) bool: bricks of cells whose nodes are all known.
        values: (bricks + 1, 4, 4, 4) float32: values at nodes; those that no active cell needs are 1.
        evaluations: how often the field was evaluated in all, gradients counted too.
    """

    resolution: int
    index: NDArray[np.int32]
    active: NDArray[np.bool_]
    values: NDArray[np.float32]
    evaluations: int

    @property
    def cell(self) -> float:
        """Side of a cell in the cube."""
        return 2 / self.resolution


def evaluate_near_surface(
    field: Field,
    resolution: int,
    *,
    device: torch.device | str = "cpu",
    report: Callable[[int, int], None] = lambda done, total: None,
) -> BrickLattice:
    """Evaluate ``field`` at the nodes of every brick that its zero level set may cross.

    Args:
        field: in cube coordinates.
        resolution: cells along a side of the cube, 8 to 1024.
        device: where the field lives.
        report: called with nodes done and nodes in all.

    Raises:
        UsageError: the resolution is out of range.
    """
    check_resolution(resolution)
    bricks, evaluations = _surviving_bricks(field, resolution, device)
    side = -(-resolution // BRICK)
    active = np.zeros((side,) * 3, dtype=bool)
    active[tuple(bricks.T)] = True
    index, needed = _needed_nodes(active)
    values = np.ones((len(needed) + 1, BRICK**3), dtype=np.float32)
    homes = np.argwhere(index < len(needed)).astype(np.int32)  # in the order of the numbering
    total, done = int(needed.sum()), 0
    bricks_at_once = max(1, _NODES_AT_ONCE // BRICK**3)
    for start in range(0, len(needed), bricks_at_once):
        rows, nodes = np.nonzero(needed[start : start + bricks_at_once])
        offset = np.stack(np.unravel_index(nodes, (BRICK,) * 3), axis=1)
        position = homes[start + rows] * BRICK + offset
        values[start + rows, nodes] = _at(field, position, resolution, device)
        done += len(rows)
        report(done, total)
    return BrickLattice(
        resolution, index, active, values.reshape(-1, BRICK, BRICK, BRICK), evaluations + total
    )


def check_resolution(resolution: int) -> None:
    """Raise a UsageError unless a lattice can have this resolution."""
    if not SMALLEST <= resolution <= LARGEST:
        raise UsageError(f"the resolution must be from {SMALLEST} to {LARGEST}, found {resolution}")


def _at(
    field: Field,
    position: NDArray[np.floating] | NDArray[np.integer],
    resolution: int,
    device: torch.device | str,
) -> NDArray[np.float32]:
    """Values (n,) at lattice positions (n, 3), which may be fractional."""
    return field.value(_cube(position, resolution, device))[:, 0].cpu().numpy()


def _cube(
    position: NDArray[np.floating] | NDArray[np.integer], resolution: int, device: torch.device | str
) -> torch.Tensor:
    """Cube coordinates (n, 3) float32 of lattice positions (n, 3)."""
    return torch.from_numpy((position * (2 / resolution) - 1).astype(np.float32)).to(device)


def _surviving_bricks(
    field: Field, resolution: int, device: torch.device | str
) -> tuple[NDArray[np.int64], int]:
    """Bricks (m, 3) that the surface may cross, and the evaluations spent on finding them."""
    side = -(-resolution // BRICK)
    size = 1  # of a block, in bricks
    while -(-side // (2 * size)) >= COARSE_BLOCKS:
        size *= 2
    blocks = np.argwhere(np.ones((-(-side // size),) * 3, dtype=bool)) * size
    children = np.argwhere(np.ones((2, 2, 2), dtype=bool))
    evaluations = 0
    while True:
        evaluations += len(blocks)
        blocks = blocks[_within_reach(field, blocks, size, resolution, device)]
        if size == 1 or not len(blocks):
            return blocks, evaluations
        size //= 2
        blocks = (blocks[:, None] + children * size).reshape(-1, 3)
        blocks = blocks[(blocks < side).all(axis=1)]


def _within_reach(
    field: Field, blocks: NDArray[np.int64], size: int, resolution: int, device: torch.device | str
) -> NDArray[np.bool_]:
    """Whether the surface may cross each of the blocks (n, 3) of ``size`` bricks."""
    x = _cube((blocks + size / 2) * BRICK, resolution, device)
    value, gradient = field.value_and_gradient(x)
    slope = gradient.norm(dim=1).cpu().numpy().astype(np.float64)
    parents = np.ravel_multi_index(tuple((blocks // (2 * size)).T), (resolution,) * 3)
    _, family = np.unique(parents, return_inverse=True)
    steepest = np.ones(family.max() + 1)  # a distance is what is looked for, so at least 1
    np.maximum.at(steepest, family, slope)
    reach = np.sqrt(3) * (size / 2) * BRICK * (2 / resolution)
    return np.abs(value[:, 0].cpu().numpy()) <= SAFETY * steepest[family] * reach


def _needed_nodes(active: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Where bricks of nodes are stored, and which of their nodes the active cells need.

    A brick of 4^3 cells has 5^3 nodes: its own brick of nodes and the first layers of the seven
    next ones.

    Returns:
        index (b + 1, b + 1, b + 1) as in :class:`BrickLattice`, and needed (bricks, 64) bool.
    """
    side = len(active)
    used = np.zeros((side + 1,) * 3, dtype=bool)
    for offset in np.ndindex(2, 2, 2):
        i, j, k = offset
        used[i : i + side, j : j + side, k : k + side] |= active
    count = int(used.sum())
    index = np.full(used.shape, count, dtype=np.int32)
    index[used] = np.arange(count, dtype=np.int32)
    needed = np.zeros((count, BRICK, BRICK, BRICK), dtype=bool)
    where = np.argwhere(active)
    for offset in np.ndindex(2, 2, 2):
        layers = tuple(slice(0, 1) if o else slice(None) for o in offset)
        needed[(index[tuple((where + offset).T)], *layers)] = True
    return index, needed.reshape(count, BRICK**3)
