"""Bricks of 4^3 cells, and sets of cells or nodes as one machine word per brick.

A brick has 64 cells and, counting each node with the cell that it is the lowest corner of, 64 nodes: bit
``16 i + 4 j + k`` of a word stands for the cell or node (i, j, k) of a brick. What concerns neighbours (the
corners of cells, the cells around an edge) becomes shifts of words: questions about two million nodes take
milliseconds, where lists of positions would take as long as evaluating the field does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BRICK = 4
"""Cells along a side of a brick."""

Words = NDArray[np.uint64]
"""Sets of cells or nodes, one word for each of some bricks."""

Homes = NDArray[np.int32]
"""(n, 3): where bricks are, in bricks from the lattice's lowest corner."""

_INSIDE = np.argwhere(np.ones((BRICK,) * 3, dtype=bool)).astype(np.int32)  # which bit stands for what


def word(bits: NDArray[np.bool_]) -> Words:
    """Words (...) of bits (..., 64)."""
    return np.packbits(bits, axis=-1, bitorder="little").view("<u8")[..., 0]


def bits(words: Words) -> NDArray[np.bool_]:
    """Bits (..., 64) of words (...)."""
    octets = np.ascontiguousarray(words, dtype="<u8")[..., None].view(np.uint8)
    return np.unpackbits(octets, axis=-1, bitorder="little").view(np.bool_)


def members(homes: Homes, words: Words) -> NDArray[np.int32]:
    """(m, 3) positions in the lattice of all cells or nodes in ``words`` (n,), in the order of the bits."""
    brick, bit = np.nonzero(bits(words))
    return homes[brick] * BRICK + _INSIDE[bit]


_FIRST, _LAST = ([word(_INSIDE[:, axis] == layer) for axis in range(3)] for layer in (0, BRICK - 1))
_STEP = [np.uint64(BRICK ** (2 - axis)) for axis in range(3)]
_SPAN = [np.uint64((BRICK - 1) * BRICK ** (2 - axis)) for axis in range(3)]


def with_next(homes: Homes, words: Words, axis: int) -> tuple[Homes, Words]:
    """Sets and the next neighbours of their members along ``axis``; a brick may then appear twice."""
    leaving = words & _LAST[axis]
    out = leaving != 0
    beyond = homes[out]
    beyond[:, axis] += 1
    return (
        np.concatenate([homes, beyond]),
        np.concatenate([words | (words ^ leaving) << _STEP[axis], leaving[out] >> _SPAN[axis]]),
    )


def with_previous(homes: Homes, words: Words, axis: int) -> tuple[Homes, Words]:
    """Sets and the previous neighbours of their members along ``axis``; a brick may then appear twice."""
    leaving = words & _FIRST[axis]
    out = leaving != 0
    beyond = homes[out]
    beyond[:, axis] -= 1
    return (
        np.concatenate([homes, beyond]),
        np.concatenate([words | (words ^ leaving) >> _STEP[axis], leaving[out] << _SPAN[axis]]),
    )


def within(homes: Homes, resolution: int) -> Words:
    """(n,) words: the cells of bricks that a lattice of ``resolution`` cells a side has."""
    inside = np.full(len(homes), ~np.uint64(0))
    for axis in range(3):
        first = homes[:, axis] * BRICK
        layers = np.clip(resolution - first, 0, BRICK)
        layers[first < 0] = 0
        below = word(_INSIDE[:, axis] < np.arange(BRICK + 1)[:, None])
        inside &= below[layers]
    return inside


class Bricks:
    """Which bricks of a lattice are stored, and in which row.

    Row 0 stands for every brick that is not stored. Arrays with a row for each brick have that row too;
    in words it is 0.

    Attributes:
        homes: (rows, 3); that of row 0 means nothing.
    """

    def __init__(self, side: int) -> None:
        """No bricks, in a lattice of ``side`` bricks a side."""
        # One layer more than there are bricks stays empty; -1, before the first one, leads there too.
        self._row = np.zeros((side + 1,) * 3, dtype=np.int32)
        self.homes: Homes = np.zeros((1, 3), dtype=np.int32)
        self._next = self._previous = [np.zeros(1, dtype=np.int32)] * 3

    def __len__(self) -> int:
        return len(self.homes)

    def add(self, homes: Homes) -> None:
        """Store those bricks at ``homes`` that are not stored yet, in the next rows."""
        new = np.unique(np.ravel_multi_index(tuple(homes[self.rows(homes) == 0].T), self._row.shape))
        if not len(new):
            return
        where = np.unravel_index(new, self._row.shape)
        self._row[where] = np.arange(len(self), len(self) + len(new), dtype=np.int32)
        self.homes = np.concatenate([self.homes, np.stack(where, axis=1).astype(np.int32)])
        self._next, self._previous = ([self._neighbours(a, step) for a in range(3)] for step in (1, -1))

    def rows(self, homes: Homes) -> NDArray[np.int32]:
        """The rows (n,) of the bricks at ``homes``."""
        return self._row[tuple(homes.T)]

    def rows_in(self, low: NDArray[np.integer], high: NDArray[np.integer]) -> NDArray[np.int32]:
        """The rows of all bricks from ``low`` to ``high``, exclusive, as an array with three axes."""
        return self._row[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]

    def sets(self, homes: Homes, words: Words) -> Words:
        """(rows,) words with the members of all ``words`` (n,); the bricks at ``homes`` (n, 3) are stored."""
        joined = np.zeros(len(self), dtype=np.uint64)
        np.bitwise_or.at(joined, self.rows(homes), words)
        return joined

    def _neighbours(self, axis: int, step: int) -> NDArray[np.int32]:
        homes = self.homes.copy()
        homes[:, axis] += step
        rows = self.rows(homes)
        rows[0] = 0
        return rows

    def ahead(self, words: Words, axis: int) -> Words:
        """Everything whose next neighbour along ``axis`` is in ``words`` (rows,)."""
        come = words[self._next[axis]] << _SPAN[axis]
        return (words >> _STEP[axis]) & ~_LAST[axis] | come & _LAST[axis]

    def behind(self, words: Words, axis: int) -> Words:
        """Everything whose previous neighbour along ``axis`` is in ``words`` (rows,)."""
        come = words[self._previous[axis]] >> _SPAN[axis]
        return (words << _STEP[axis]) & ~_FIRST[axis] | come & _FIRST[axis]

    def all_corners(self, nodes: Words) -> Words:
        """The cells that have all of their corners among ``nodes`` (rows,)."""
        for axis in range(3):
            nodes = nodes & self.ahead(nodes, axis)
        return nodes

    def any_corner(self, nodes: Words) -> Words:
        """The cells of stored bricks that have a corner among ``nodes`` (rows,)."""
        for axis in range(3):
            nodes = nodes | self.ahead(nodes, axis)
        return nodes
