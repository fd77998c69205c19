"""Where what was seen of a surface ends.

Around a point in the middle of a scan its neighbours lie on all sides; at the rim of the part that was seen
they lie on one. The mean of a half disc is 4 / (3 pi) = 0.42 of its radius from the centre, that of 64 points
drawn all around less than 0.28 of it (one in 20,000 is not). At the edge of a thin plate all neighbours lie
on one side too: but their normals turn, and those at a rim do not.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.neighbours import neighbours

TELLING = 50_000
"""Points of a scan that are asked; gaps between those of larger ones are not worth more."""

NEIGHBOURS = 64
OFF_CENTRE = 0.28
"""How far the mean of the neighbours is from a point at a rim, in the distance to the farthest of them."""

FLAT = 0.8
"""Length of the mean of the normals there, at least."""


def rim_points(
    points: NDArray[np.floating], normals: NDArray[np.floating], tree: cKDTree
) -> NDArray[np.floating]:
    """Those points of (part of) a scan that lie at a rim, (k, 3); none of a scan of a handful.

    Args:
        points: (n, 3).
        normals: (n, 3), of unit length.
        tree: of ``points``.
    """
    if len(points) > TELLING:
        few = np.random.default_rng(0).permutation(len(points))[:TELLING]
        points, normals = points[few], normals[few]
        tree = cKDTree(points)
    if len(points) <= NEIGHBOURS:
        return points[:0]
    at_rim = np.zeros(len(points), dtype=bool)
    for rows, distance, index in neighbours(tree, NEIGHBOURS + 1):
        middle = points[index[:, 1:]].mean(axis=1) - points[rows]
        middle -= np.einsum("nd,nd->n", middle, normals[rows])[:, None] * normals[rows]
        off_centre = np.linalg.norm(middle, axis=1) > OFF_CENTRE * distance[:, -1]
        flat = np.linalg.norm(normals[index].mean(axis=1), axis=1) > FLAT
        at_rim[rows] = off_centre & flat
    return points[at_rim]


def distance_to_rim(
    x: NDArray[np.floating], points: NDArray[np.floating], normals: NDArray[np.floating], tree: cKDTree
) -> NDArray[np.float64]:
    """From ``x`` (m, 3) to the nearest point of a scan at a rim, (m,); infinite where there is none.

    Args:
        x: (m, 3).
        points: (n, 3).
        normals: (n, 3), of unit length.
        tree: of ``points``.
    """
    rim = rim_points(points, normals, tree)
    if not len(rim):
        return np.full(len(x), np.inf)
    return np.asarray(cKDTree(rim).query(x, workers=torch.get_num_threads())[0])
