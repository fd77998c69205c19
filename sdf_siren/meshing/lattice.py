"""Values of a field on a lattice, evaluated only at the corners of cells that its zero level set crosses.

The lattice is aligned with the cube [-1, 1]^3 and the same whatever is evaluated of it: node
(i, j, k) stands at ``-1 + h (i, j, k)`` with ``h = 2 / resolution``.

Where the surface may be is foreseen by :mod:`sdf_siren.meshing.search`. The nodes themselves then tell
where it is: an edge of the lattice whose ends have different signs is crossed, and so are the four cells
around it. As long as one of them has a corner that is not known, the corners are evaluated. In the end no
surface leaves the known cells except through the faces of the cube: what is closed stays closed whatever
was foreseen, and only a part of the surface that touches no foreseen cell at all can be missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.errors import UsageError
from sdf_siren.fields import Field
from sdf_siren.meshing.bricks import (
    BRICK,
    Bricks,
    Homes,
    Words,
    bits,
    members,
    with_next,
    with_previous,
    within,
    word,
)
from sdf_siren.meshing.search import Wanted, centres, everything, find_cells

SMALLEST, LARGEST = 2 * BRICK, 1024

_BRICKS_AT_ONCE = 8192
"""Evaluated between two reports, with some twenty nodes each."""


@dataclass(frozen=True)
class BrickLattice:
    """The known nodes of a lattice, in bricks of 4^3.

    Attributes:
        resolution: cells along a side of the cube.
        bricks: which bricks are stored, in which row.
        values: (rows, 64) float32: values at the nodes of each brick; 1 where not known.
        known: (rows,) which nodes are known.
        cells: (rows,) which cells have eight known corners.
        crossed: (rows,) which of them have corners of both signs.
        evaluations: how often the field was evaluated in all, gradients counted too.
    """

    resolution: int
    bricks: Bricks
    values: NDArray[np.float32]
    known: Words
    cells: Words
    crossed: Words
    evaluations: int

    @property
    def cell(self) -> float:
        """Side of a cell in the cube."""
        return 2 / self.resolution


def evaluate_near_surface(
    field: Field,
    resolution: int,
    *,
    wanted: Wanted = everything,
    device: torch.device | str = "cpu",
    report: Callable[[int, int], None] = lambda done, total: None,
) -> BrickLattice:
    """Evaluate ``field`` at the corners of every cell that its zero level set crosses, and few others.

    Args:
        field: in cube coordinates.
        resolution: cells along a side of the cube, 8 to 1024.
        wanted: which parts of the cube are; of the others only cells next to these are evaluated.
        device: where the field lives.
        report: called with the nodes done and the nodes known to be needed, which may still grow.

    Raises:
        UsageError: the resolution is out of range.
    """
    check_resolution(resolution)
    homes, cells, looked_at = find_cells(field, resolution, device, wanted)
    nodes = _Nodes(field, resolution, device, report)
    while nodes.evaluate_corners(homes, cells):
        homes, cells = nodes.beside_crossed_edges()
        near = wanted(centres(BRICK * homes, BRICK, resolution), np.sqrt(3) * BRICK / resolution)
        homes, cells = homes[near], cells[near]
    complete = nodes.complete
    crossed = complete & nodes.bricks.any_corner(nodes.negative) & ~nodes.bricks.all_corners(nodes.negative)
    return BrickLattice(
        resolution, nodes.bricks, nodes.values, nodes.known, complete, crossed, looked_at + nodes.done
    )


def check_resolution(resolution: int) -> None:
    """Raise a UsageError unless a lattice can have this resolution."""
    if not SMALLEST <= resolution <= LARGEST:
        raise UsageError(f"the resolution must be from {SMALLEST} to {LARGEST}, found {resolution}")


class _Nodes:
    """The nodes that are known, becoming more.

    Attributes:
        bricks: that hold them.
        values: (rows, 64) float32; 1 where not known.
        known: (rows,) which nodes are known.
        done: how many that are.
    """

    def __init__(
        self,
        field: Field,
        resolution: int,
        device: torch.device | str,
        report: Callable[[int, int], None],
    ) -> None:
        self._field, self._resolution, self._device, self._report = field, resolution, device, report
        # The last node of a side may be the first one of a brick without cells.
        self.bricks = Bricks(resolution // BRICK + 1)
        self.values = np.ones((1, BRICK**3), dtype=np.float32)
        self.known = np.zeros(1, dtype=np.uint64)
        self.done = 0
        self._coordinate = (np.arange(resolution + 1) * (2 / resolution) - 1).astype(np.float32)

    @property
    def negative(self) -> Words:
        """(rows,) the known nodes inside the surface."""
        return word(self.values < 0)

    @property
    def complete(self) -> Words:
        """(rows,) the cells that have eight known corners."""
        return self.bricks.all_corners(self.known)

    def evaluate_corners(self, homes: Homes, cells: Words) -> bool:
        """Make the corners of ``cells`` known, as far as these lie in the cube; whether any was new."""
        cells = cells & within(homes, self._resolution)
        homes, corners = homes[cells != 0], cells[cells != 0]
        for axis in range(3):
            homes, corners = with_next(homes, corners, axis)
        self._store(homes)
        new = self.bricks.sets(homes, corners) & ~self.known
        self._evaluate(new)
        self.known |= new
        return bool(new.any())

    def beside_crossed_edges(self) -> tuple[Homes, Words]:
        """Cells beside an edge with a change of sign, where these have a corner that is not known."""
        inside, complete, bricks = self.negative, self.complete, self.bricks
        homes, cells = [], []
        for axis in range(3):
            changes = (inside ^ bricks.ahead(inside, axis)) & self.known & bricks.ahead(self.known, axis)
            around = complete
            others = [other for other in range(3) if other != axis]
            for other in others:
                around = around & bricks.behind(around, other)
            left = changes & ~around
            beside = bricks.homes[left != 0], left[left != 0]
            for other in others:
                beside = with_previous(*beside, other)
            homes.append(beside[0])
            cells.append(beside[1])
        return np.concatenate(homes), np.concatenate(cells)

    def _store(self, homes: Homes) -> None:
        self.bricks.add(homes)
        more = len(self.bricks) - len(self.known)
        if not more:
            return
        self.values = np.concatenate([self.values, np.ones((more, BRICK**3), dtype=np.float32)])
        self.known = np.concatenate([self.known, np.zeros(more, dtype=np.uint64)])

    def _evaluate(self, nodes: Words) -> None:
        total = self.done + int(np.bitwise_count(nodes).sum())
        rows = np.flatnonzero(nodes)
        for start in range(0, len(rows), _BRICKS_AT_ONCE):
            some = rows[start : start + _BRICKS_AT_ONCE]
            position = members(self.bricks.homes[some], nodes[some])
            x = torch.from_numpy(self._coordinate[position]).to(self._device)
            values = self.values[some]
            values[bits(nodes[some])] = self._field.value(x)[:, 0].cpu().numpy()
            self.values[some] = values
            self.done += len(x)
            self._report(self.done, total)
