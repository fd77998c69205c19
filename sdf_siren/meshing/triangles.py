"""Triangles from a lattice: marching cubes block by block, welded exactly.

The cells are scikit-image's (Lewiner et al. 2003, topologically consistent). Blocks share the nodes
on their common faces bit for bit, and scikit-image places a vertex between two nodes by the same
arithmetic from either side, so vertices of neighbouring blocks are equal, not merely close, and can
be joined by equality.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from sdf_siren.meshing.lattice import BRICK, BrickLattice

BLOCK = 8
"""Bricks along a side of a block. 32 cells: small enough that float32 coordinates inside a block
resolve 4e-6 of a cell, large enough that the calls do not count."""

_LEAST = 1e-4
"""Smallest magnitude of a node's value in units of the cell. A surface through a node would put
several vertices in one place, which welding could not tell apart; so it passes that close by."""


def polygonise(lattice: BrickLattice) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The zero level set of a lattice.

    Returns:
        vertices (v, 3) float64 in the cube, and faces (f, 3) int64, counter-clockwise seen from
        the positive side; both empty if there is no level set.
    """
    values = lattice.values.copy()
    least = np.float32(_LEAST * lattice.cell)
    small = np.abs(values) < least
    values[small] = np.where(values[small] < 0, -least, least)
    side = lattice.active.shape[0]
    vertices, faces, count = [np.empty((0, 3))], [np.empty((0, 3), dtype=np.int64)], 0
    for block in np.argwhere(_any_in_blocks(lattice.active)):
        found = _polygonise_block(lattice, values, block * BLOCK, side)
        if found is not None:
            vertices.append(found[0])
            faces.append(found[1] + count)
            count += len(found[0])
    welded, joined = _weld(np.concatenate(vertices), np.concatenate(faces))
    return welded * lattice.cell - 1, joined


def _any_in_blocks(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which blocks of BLOCK^3 bricks have an active one."""
    blocks = -(-active.shape[0] // BLOCK)
    padded = np.zeros((blocks * BLOCK,) * 3, dtype=bool)
    padded[tuple(slice(n) for n in active.shape)] = active
    return np.asarray(padded.reshape(blocks, BLOCK, blocks, BLOCK, blocks, BLOCK).any(axis=(1, 3, 5)))


def _polygonise_block(
    lattice: BrickLattice, values: NDArray[np.float32], low: NDArray[np.int64], side: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]] | None:
    """Marching cubes on one block: vertices in lattice units and faces, or None if it is not crossed."""
    high = np.minimum(low + BLOCK, side)
    bricks = lattice.index[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))]
    nodes = values[bricks].transpose(0, 3, 1, 4, 2, 5).reshape([n * BRICK for n in bricks.shape])
    cells = (high - low) * BRICK
    nodes = np.ascontiguousarray(nodes[tuple(slice(n + 1) for n in cells)])
    active = lattice.active[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    # scikit-image looks a cell up in the mask by its node of highest index.
    mask = np.zeros(nodes.shape, dtype=bool)
    mask[1:, 1:, 1:] = active.repeat(BRICK, 0).repeat(BRICK, 1).repeat(BRICK, 2)
    if not nodes.min() < 0 < nodes.max():
        return None
    try:
        found, faces, _, _ = marching_cubes(nodes, 0.0, mask=mask, gradient_direction="descent")
    except RuntimeError:  # it says so when no cell inside the mask is crossed
        return None
    return found.astype(np.float64) + low * BRICK, faces.astype(np.int64)


def _weld(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Join vertices (in lattice units) that two or more blocks have in common."""
    on_face = (vertices % (BLOCK * BRICK) == 0).any(axis=1)
    shared = np.flatnonzero(on_face)
    _, first, inverse = np.unique(vertices[shared], axis=0, return_index=True, return_inverse=True)
    target = np.arange(len(vertices))
    target[shared] = shared[first][inverse.reshape(-1)]
    keep = target == np.arange(len(vertices))
    number = np.cumsum(keep) - 1
    return vertices[keep], number[target][faces]
