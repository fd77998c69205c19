"""How often each point of a scan is drawn: by the surface that it stands for, and by how that bends.

Nine tenths of a scan's points may lie on a tenth of its surface: drawn alike, they leave little for the rest.
And where the surface is flat one point says what the next one does, while a crease has few.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

MOST = 16.0
"""A point counts for at most so many typical ones and at least for one over it: a stray point stands for
no large surface."""

BENT = 0.5
"""The part of the draws that goes by how much the surface bends; the rest goes to all alike."""

TELLING = 20_000
"""Points that tell how a surface bends. More would tell of detail that no network follows: that is left to
local cubics, and would only roughen the rest."""

_NEIGHBOUR = 8


def areas(points: NDArray[np.floating], tree: cKDTree) -> NDArray[np.float64]:
    """The surface that each point stands for (n,), in units of the typical one.

    Args:
        points: (n, 3).
        tree: of ``points``.
    """
    distance, _ = _neighbours(points, tree)
    area = np.asarray(distance[:, -1], np.float64) ** 2
    typical = float(np.median(area)) or 1.0
    return np.clip(area / typical, 1 / MOST, MOST)


def bends(
    points: NDArray[np.floating],
    normals: NDArray[np.floating],
    tree: cKDTree,
    areas: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How often points are drawn for the bend of the surface (n,), 1 on average over it and at least 1/2.

    Two points bend by as much as both of their normals say that the other one lies below (convex) or above
    (concave), whichever says less; the bend at a point is the mean over its nearest eight (large scans are
    thinned for that). So a normal that leans is contradicted by its neighbours': drawn more often, it would
    do harm. Noise bends everything.

    Args:
        points: (n, 3).
        normals: (n, 3), of unit length.
        tree: of ``points``.
        areas: of the points (n,), from :func:`areas`, or alike.
    """
    if len(points) <= TELLING:
        bend = _bend(points, normals, tree)
    else:
        few = np.random.default_rng(0).permutation(len(points))[:TELLING]
        thinned = cKDTree(points[few])
        nearest = thinned.query(points, workers=torch.get_num_threads())[1]
        bend = _bend(points[few], normals[few], thinned)[nearest]
    mean = float(np.average(bend, weights=areas))
    if mean == 0:
        return np.ones(len(points))
    return 1 - BENT + BENT * np.minimum(bend / mean, MOST)


def _bend(points: NDArray[np.floating], normals: NDArray[np.floating], tree: cKDTree) -> NDArray[np.float64]:
    """The sum over the nearest points (n,) of what :func:`bends` says."""
    _, rows = _neighbours(points, tree)
    bend = np.zeros(len(points))
    for neighbour in rows.T[1:]:
        chord = points[neighbour] - points
        chord /= np.maximum(np.linalg.norm(chord, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        below = -np.einsum("nd,nd->n", normals, chord)
        above = np.einsum("nd,nd->n", normals[neighbour], chord)
        bend += np.maximum(np.minimum(below, above), np.minimum(-below, -above)).clip(min=0)
    return bend


def cumulative(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share (n,) of each point and those before it, of weights (n,); the last is 1."""
    found = np.cumsum(weights)
    return np.asarray(found / found[-1])


def rows_at(shares: Tensor, place: Tensor) -> Tensor:
    """The rows at places from 0 to 1, (k,); ``shares`` are from :func:`cumulative`."""
    return torch.searchsorted(shares, place).clamp_(max=len(shares) - 1)


def _neighbours(
    points: NDArray[np.floating], tree: cKDTree
) -> tuple[NDArray[np.float64], NDArray[np.integer]]:
    """Distances and rows of the nearest points, the point itself among them: (n, 9) each, or (n, n)."""
    return tree.query(points, k=min(_NEIGHBOUR + 1, len(points)), workers=torch.get_num_threads())
