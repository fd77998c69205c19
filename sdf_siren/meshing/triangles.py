"""Triangles from a lattice: marching cubes block by block, welded exactly.

The cells are scikit-image's (Lewiner et al. 2003, topologically consistent). Blocks share the nodes
on their common faces bit for bit, and scikit-image places a vertex between two nodes by the same
arithmetic from either side, so vertices of neighbouring blocks are equal, not merely close, and are
joined if they lie on the same edge of the lattice.

Blocks are not worked on by several threads: scikit-image holds Python's lock, and two threads took as
long as one.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from sdf_siren.meshing.bricks import BRICK, bits
from sdf_siren.meshing.lattice import LARGEST, BrickLattice

T = TypeVar("T", bound=np.generic)

BLOCK = 8
"""Bricks along a side of a block. 32 cells: small enough that float32 coordinates inside a block
resolve 4e-6 of a cell, large enough that the calls do not count."""

_LEAST = 1e-4
"""Smallest magnitude of a node's value in units of the cell. A surface through a node would put
several vertices in one place and leave open on which edge each of them lies; so it passes that close by."""


def polygonise(lattice: BrickLattice) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The zero level set of a lattice.

    Returns:
        vertices (v, 3) float64 in the cube, and faces (f, 3) int64, counter-clockwise seen from
        the positive side; both empty if there is no level set.
    """
    vertices, on_face, faces = [np.empty((0, 3))], [np.empty(0, dtype=np.bool_)], []
    for block in _crossed_blocks(lattice):
        found, triangles = _polygonise_block(lattice, block * BLOCK)
        vertices.append(found + (block * BLOCK * BRICK).astype(np.float64))
        on_face.append(((found == 0) | (found == BLOCK * BRICK)).any(axis=1))
        faces.append(triangles)
    firsts = np.cumsum([len(found) for found in vertices])[:-1]
    everywhere = np.concatenate(vertices)
    number, kept = _weld(everywhere, np.flatnonzero(np.concatenate(on_face)))
    joined = np.empty((sum(map(len, faces)), 3), dtype=np.int64)
    rest = joined
    for first, triangles in zip(firsts, faces, strict=True):
        np.take(number[first:], triangles, out=rest[: len(triangles)])
        rest = rest[len(triangles) :]
    return everywhere[kept] * lattice.cell - 1, joined


def _crossed_blocks(lattice: BrickLattice) -> NDArray[np.int64]:
    """Where blocks with a crossed cell are, in blocks."""
    blocks = np.zeros((lattice.resolution // (BLOCK * BRICK) + 1,) * 3, dtype=bool)
    blocks[tuple(lattice.bricks.homes[lattice.crossed != 0].T // BLOCK)] = True
    return np.argwhere(blocks)


def _polygonise_block(
    lattice: BrickLattice, low: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Marching cubes on a block from brick ``low`` on: vertices in cells from there, and faces."""
    rows = lattice.bricks.rows_in(low, low + BLOCK + 1)
    most = BLOCK * BRICK + 1
    nodes = np.ascontiguousarray(_side_by_side(lattice.values[rows])[:most, :most, :most])
    least = np.float32(_LEAST * lattice.cell)
    small = np.abs(nodes) < least
    nodes[small] = np.where(nodes[small] < 0, -least, least)
    crossed = _side_by_side(bits(lattice.crossed[rows]))
    # scikit-image looks a cell up in the mask by its node of highest index.
    mask = np.zeros(nodes.shape, dtype=bool)
    mask[1:, 1:, 1:] = crossed[tuple(slice(n - 1) for n in nodes.shape)]
    found, faces, _, _ = marching_cubes(nodes, 0.0, mask=mask, gradient_direction="descent")
    return found, faces


def _side_by_side(bricks: NDArray[T]) -> NDArray[T]:
    """(4 a, 4 b, 4 c) nodes or cells of bricks (a, b, c, 64)."""
    a, b, c, _ = bricks.shape
    inside = bricks.reshape(a, b, c, BRICK, BRICK, BRICK)
    return inside.transpose(0, 3, 1, 4, 2, 5).reshape(a * BRICK, b * BRICK, c * BRICK)


def _weld(
    vertices: NDArray[np.float64], shared: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Join equal vertices (in lattice units) among the ``shared`` ones: new numbers, and which stay."""
    # Equal vertices are on the same edge of the lattice, and no edge has two.
    lowest = np.floor(vertices[shared])
    axis = np.argmax(vertices[shared] - lowest, axis=1)
    side = LARGEST + 1
    edge = np.ravel_multi_index((*lowest.astype(np.int64).T, axis), (side, side, side, 3))
    _, first, of_edge = np.unique(edge, return_index=True, return_inverse=True)
    kept = np.ones(len(vertices), dtype=np.bool_)
    kept[shared] = False
    kept[shared[first]] = True
    number = np.cumsum(kept) - 1
    number[shared] = number[shared[first]][of_edge]
    return number, kept
