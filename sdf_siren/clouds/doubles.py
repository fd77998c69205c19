"""Points that a scan has twice, but for rounding.

A scan that was merged with a copy of itself, which another program wrote with fewer digits, has every point
twice, a tiny step apart. The step says nothing about the surface, and would be taken for the spacing of the
scan, and its direction for noise.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.neighbours import neighbours
from sdf_siren.clouds.point_cloud import PointCloud

CLOSE = 0.01
"""Doubles are nearer to each other than that part of the spacing, the distance to the eighth neighbour."""

COMMON = 0.05
"""Nothing is dropped unless so large a share of the points has doubles: of points scattered at random, one in
a thousand has a neighbour that close."""

_MANY = 64
_OVER_EIGHTH = 8**0.5
"""On a surface the 64th neighbour is so many times as far as the eighth, and no copies are as many."""

_SAMPLE = 2000


def without_doubles(cloud: PointCloud) -> PointCloud:
    """The first of points that are the same but for rounding, in the order of the cloud, and a note.

    Points that face away from each other, as on the two sides of a sheet, are no doubles.
    """
    if len(cloud) <= _MANY:
        return cloud
    tree = cKDTree(cloud.frame.to_cube(cloud.points), balanced_tree=False, compact_nodes=False)
    rows = np.random.default_rng(0).permutation(tree.n)[:_SAMPLE]
    nearest, farthest = tree.query(tree.data[rows], k=[2, _MANY + 1], workers=torch.get_num_threads())[0].T
    if np.mean(nearest < CLOSE / _OVER_EIGHTH * farthest) < COMMON:
        return cloud
    repeats = np.zeros(tree.n, dtype=bool)
    for some, distance, index in neighbours(tree, _MANY + 1):
        earlier = (distance < CLOSE / _OVER_EIGHTH * distance[:, -1:]) & (index < some[:, None])
        if cloud.normals is not None:
            earlier &= _alike(cloud.normals[some], cloud.normals[index])
        repeats[some] = earlier.any(axis=1)
    count = int(repeats.sum())
    if not count:
        return cloud
    note = f"{count} of {len(cloud)} points repeated another one but for rounding and were dropped"
    return cloud.select(~repeats, note)


def _alike(normals: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which normals (m, k, 3) of others do not face away from those (m, 3) of points; unknown ones do not."""
    return np.asarray(~(np.einsum("md,mkd->mk", normals, others) < 0))
