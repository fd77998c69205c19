"""Points off the surface, each with its side, and the distances and the direction that the scan allows.

Near the scan the side is a vote of the nearest oriented points; where the vote is close the point is
dropped, for a wrong side does more harm than a missing sample. Far from it the side comes from the
Poisson indicator.

The bounds on the distance. Let d be the distance to the nearest scan point. The surface passes
through that point, so it is at most d away. It may also be closer: if every place of the surface has
a scan point within r (the covering radius), a nearly flat surface is at least sqrt(d^2 - r^2) away.
``LOWER`` leaves room for curvature, ``UPPER`` for noise.

The direction. Each scan point stands for a disc in its plane; the signed distance grows along the line
from the nearest of the discs. It is told outside only: that is the space which a scanner has looked
through. Inside, the nearest surface may be one that nobody saw, and would be pushed out of its place. So may
what goes on beyond a rim of the scan: no rim may be nearer to the nearest point than that is to the place.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.sampling.indicator import Indicator
from sdf_siren.sampling.rims import distance_to_rim

LOWER, UPPER = 0.8, 1.05
NEAR_RANGE = 0.06
"""Cube lengths up to which a vote of neighbours is trusted more than the indicator."""

DISC = 0.5
"""Radius of a point's disc, in covering radii; nearer to the scan than that no direction is told."""

CLEAR_OF_NOISE = 8.0
"""Nor is it nearer than so many standard deviations of the noise."""

_FAR_CUBE = 1.02
_FAR_TREE_POINTS = 4096
_COVERING_NEIGHBOUR = 6


def near_surface(
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    tree: cKDTree,
    indicator: Indicator,
    *,
    count: int,
    spread: float,
    noise: float,
    rng: np.random.Generator,
    shares: NDArray[np.float64] | None = None,
) -> PointGroup:
    """At most ``count`` points scattered about the scan.

    Args:
        points: (n, 3) scan in cube coordinates.
        normals: (n, 3) unit outward normals.
        tree: of ``points``.
        indicator: of the same scan.
        count: points drawn; ambiguous ones are dropped.
        spread: median standard deviation of the scatter, cube lengths; it varies log-normally.
        noise: standard deviation of the scan's noise, cube lengths; a vote has to be more than that, and
            directions are told from ``CLEAR_OF_NOISE`` times it on.
        rng: the source of randomness.
        shares: cumulative shares of the scan's points (n,), where they are not drawn alike.
    """
    width = spread * np.exp(0.7 * rng.standard_normal((count, 1)))
    if shares is None:
        rows = rng.integers(len(points), size=count)
    else:
        rows = np.minimum(np.searchsorted(shares, rng.random(count)), len(points) - 1)
    x = points[rows] + width * rng.standard_normal((count, 3))
    x = x.astype(np.float32)
    # More neighbours average the noise; fewer keep thin parts apart.
    neighbours = min(len(points), 10 if noise > 0 else 4)
    distance, index = tree.query(x, k=neighbours, workers=torch.get_num_threads())
    distance, index = distance.reshape(count, neighbours), index.reshape(count, neighbours)
    nearest = distance[:, 0]
    weight = np.exp(-((distance / np.maximum(nearest[:, None], 1e-9) / 1.5) ** 2))
    height = np.einsum("nkd,nkd->nk", x[:, None] - points[index], normals[index])
    vote = (height * weight).sum(axis=1) / weight.sum(axis=1)
    clear = np.abs(vote) >= 0.5 * nearest
    far = nearest > NEAR_RANGE
    side = np.where(far | ~clear, np.sign(indicator(x)), np.sign(vote))
    keep = (clear | far) & (side != 0) & (np.abs(vote) > noise)
    x, index, side, nearest = x[keep], index[keep], side[keep], nearest[keep]
    covering = _covering_radius(points, tree, index[:, 0])
    told = np.flatnonzero((side > 0) & (nearest > np.maximum(DISC * covering, CLEAR_OF_NOISE * noise)))
    told = told[nearest[told] < distance_to_rim(points[index[told, 0]], points, normals, tree)]
    directions = np.zeros_like(x)
    directions[told] = _away(x[told], points[index[told]], normals[index[told]], DISC * covering[told])
    return _group(x, side, nearest, covering, torch.from_numpy(directions))


def far_from_surface(
    points: NDArray[np.float32],
    indicator: Indicator,
    *,
    count: int,
    rng: np.random.Generator,
    least: float = 0.05,
) -> PointGroup:
    """At most ``count`` points uniform in the cube, at least ``least`` away from the scan."""
    x = rng.uniform(-_FAR_CUBE, _FAR_CUBE, (count, 3)).astype(np.float32)
    # Queries far from the data walk a large part of the tree: a subset is enough at this distance,
    # and its own covering radius widens the bounds.
    subset = points[rng.choice(len(points), min(len(points), _FAR_TREE_POINTS), replace=False)]
    tree = cKDTree(subset)
    nearest, index = tree.query(x, workers=torch.get_num_threads())
    side = np.sign(indicator(x))
    keep = (nearest > least) & (side != 0)
    covering = _covering_radius(subset, tree, index)
    return _group(x[keep], side[keep], nearest[keep], covering[keep])


def _covering_radius(
    points: NDArray[np.float32], tree: cKDTree, index: NDArray[np.integer]
) -> NDArray[np.float64]:
    """About how far from points[index] the surface may run without another scan point, (m,)."""
    unique, inverse = np.unique(index, return_inverse=True)
    neighbour = min(_COVERING_NEIGHBOUR, len(points) - 1)
    distance, _ = tree.query(points[unique], k=[neighbour + 1], workers=torch.get_num_threads())
    return np.asarray(distance)[inverse, 0]


def _away(
    x: NDArray[np.float32],
    centres: NDArray[np.float32],
    normals: NDArray[np.float32],
    radius: NDArray[np.float64],
) -> NDArray[np.float32]:
    """From the nearest of k discs to ``x``: (m, 3), of unit length, zero on a disc.

    Args:
        x: (m, 3).
        centres: (m, k, 3).
        normals: (m, k, 3), of unit length.
        radius: (m,), of the discs of each row.
    """
    way = x[:, None] - centres
    height = np.einsum("mkd,mkd->mk", way, normals)[..., None]
    along = way - height * normals
    reach = np.linalg.norm(along, axis=2, keepdims=True)
    beyond = np.maximum(1 - radius[:, None, None].astype(np.float32) / np.maximum(reach, 1e-9), 0)
    way = height * normals + beyond * along
    distance = np.linalg.norm(way, axis=2)
    rows = np.arange(len(x))
    best = distance.argmin(axis=1)
    return np.asarray(way[rows, best] / np.maximum(distance[rows, best, None], 1e-9), np.float32)


def _group(
    x: NDArray[np.float32],
    side: NDArray[np.float64],
    nearest: NDArray[np.float64],
    covering: NDArray[np.float64],
    directions: torch.Tensor | None = None,
) -> PointGroup:
    lower = LOWER * np.sqrt(np.maximum(nearest**2 - covering**2, 0))

    def column(values: NDArray[np.float64]) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)[:, None])

    bounds = {"lower": column(lower), "upper": column(UPPER * nearest)}
    return PointGroup(torch.from_numpy(x), side=column(side), **bounds, directions=directions)
