"""The rim of a mesh, made smoother along itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import area_vectors, edges_and_sides

ROUNDS = 10
"""Each moves a vertex half the way to the middle of its neighbours: bends shorter than some six edges go."""

_TURN = 0.5
"""Cosine: faces that would turn farther keep the vertices that they had."""


def smooth_rim(
    vertices: NDArray[np.float64],
    normals: NDArray[np.floating],
    faces: NDArray[np.int64],
    allowed: Callable[[NDArray[np.int64], NDArray[np.float64]], NDArray[np.bool_]],
) -> NDArray[np.float64]:
    """Vertices (v, 3) of which those on the rim have moved along the surface, towards their neighbours on it.

    The others stay, as do those where rims touch. No face turns over.

    Args:
        vertices: (v, 3).
        normals: (v, 3) unit normals: no vertex moves along them.
        faces: (f, 3).
        allowed: whether vertices, given by rows (m,), may go to places (m, 3); the others go back.
    """
    edges, side = edges_and_sides(faces, len(vertices))
    a, b = edges[np.bincount(side.reshape(-1), minlength=len(edges)) == 1].T
    degree = np.bincount(np.concatenate([a, b]), minlength=len(vertices))
    moving = np.flatnonzero(degree == 2)
    beside = np.zeros((len(vertices), 2), dtype=np.int64)  # both neighbours on the rim of those that move
    start, stop = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.argsort(start, kind="stable")
    order = order[degree[start[order]] == 2]
    beside[moving] = stop[order].reshape(-1, 2)
    moved = vertices.copy()
    along = np.asarray(normals, dtype=np.float64)[moving]
    for _ in range(ROUNDS):
        step = (moved[beside[moving]].mean(axis=1) - moved[moving]) / 2
        step -= np.einsum("vd,vd->v", step, along)[:, None] * along
        moved[moving] += step
    back = moving[~allowed(moving, moved[moving])]
    moved[back] = vertices[back]
    return _unturned(vertices, moved, faces[(degree[faces] == 2).any(axis=1)])


def _unturned(
    before: NDArray[np.float64], after: NDArray[np.float64], faces: NDArray[np.int64]
) -> NDArray[np.float64]:
    """``after``, but ``before`` at the corners of faces that would turn."""
    old = area_vectors(before, faces)
    while True:
        new = area_vectors(after, faces)
        scale = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
        turned = faces[np.einsum("fd,fd->f", old, new) < _TURN * scale]
        back = turned[(after[turned] != before[turned]).any(axis=2)]
        if not len(back):
            return after
        after[back] = before[back]
