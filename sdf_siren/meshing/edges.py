"""Edges of a mesh: whether it is a surface there, which are on a rim, and means along them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components


def is_manifold(faces: NDArray[np.int64], vertices: int) -> bool:
    """Whether each edge of ``faces`` (f, 3), whose corners are below ``vertices``, has one face, or two that
    run along it in opposite directions."""
    ordered = np.sort((faces * vertices + np.roll(faces, -1, axis=1)).ravel())
    return not (ordered[1:] == ordered[:-1]).any()


def rim_edges(faces: NDArray[np.int64], vertices: int) -> NDArray[np.int64]:
    """The edges (r, 2) along which one of ``faces`` (f, 3) runs and none runs back, in the direction of that
    face; the corners are below ``vertices``."""
    start, stop = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    alone = ~np.isin(start * vertices + stop, stop * vertices + start)
    return np.stack([start[alone], stop[alone]], axis=1)


def with_rims_apart(faces: NDArray[np.int64], vertices: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``faces`` (f, 3) with a vertex for each of the parts that touch in one, and the old one (v,) of each.

    Parts touch where more than one rim goes through a vertex.
    """
    origin = np.arange(vertices)
    touching = np.bincount(rim_edges(faces, vertices).ravel(), minlength=vertices) > 2
    if not touching.any():
        return faces, origin
    face, corner = np.nonzero(touching[faces])
    at, following, before = (faces[face, (corner + turn) % 3] for turn in (0, 1, 2))
    # Two faces at a vertex go on into each other where one leaves it along the edge that the other comes by.
    _, leaves, comes = np.intersect1d(at * vertices + following, at * vertices + before, return_indices=True)
    graph = coo_array((np.ones(len(leaves)), (leaves, comes)), shape=(len(at),) * 2)
    _, part = connected_components(graph, directed=False)
    _, first, part = np.unique(part, return_index=True, return_inverse=True)
    faces = faces.copy()
    faces[face, corner] = vertices + part
    return faces, np.concatenate([origin, at[first]])


def umbrella(faces: NDArray[np.int64], vertices: int) -> csr_array:
    """The matrix (v, v) that takes values at the vertices to the mean over their neighbours; rows of vertices
    without faces are empty."""
    start = np.concatenate([faces, faces], axis=1).ravel()
    stop = np.concatenate([np.roll(faces, -1, axis=1), np.roll(faces, 1, axis=1)], axis=1).ravel()
    matrix = coo_array((np.ones(len(start)), (start, stop)), shape=(vertices, vertices)).tocsr()
    matrix.data[:] = 1.0  # an edge counts once, however many faces it has
    count = np.diff(matrix.indptr)
    matrix.data /= np.repeat(count, count)
    return matrix


def mean_edges(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean length (v,) of the edges at each vertex, over its faces; zero without any."""
    length = np.linalg.norm(vertices[faces] - vertices[np.roll(faces, -1, axis=1)], axis=2)
    both = (length + np.roll(length, 1, axis=1)) / 2
    count = np.bincount(faces.ravel(), minlength=len(vertices))
    return np.asarray(np.bincount(faces.ravel(), both.ravel(), len(vertices)) / count.clip(1))
