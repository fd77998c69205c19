"""Depth that was measured in steps, as depth cameras do: terraces instead of a slope.

Points of a terrace lie in one plane to the last digit, so that neighbours say that there is no noise at all,
while all of them are wrong together by up to half a step. With the distance the steps grow: those of a sensor
whose points are a pixel apart are soon wider than the points are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

PLACES = 1000
"""Of a scan that are looked at."""

FLAT, AROUND = 9, 192
"""Neighbours, a point itself among them, that lie in one plane on a terrace; and among which others are."""

FEWEST_POINTS = 10 * AROUND
"""Of a scan: in smaller ones what is around a place is the whole shape."""

IN_PLANE = 1e-3
"""Of the width of nine neighbours: what rounding may put a point of a terrace beside its plane."""

FEWEST, MOST_OF_THEM = 5, 0.6
"""Points of a terrace; and the share of what is around a place that terraces have, where it is on one."""

SEEN, MANY = 0.1, 0.25
"""Of the spacing, half a step from which on it matters; and the share of the places where it has to be so."""

PARALLEL, FEWEST_LEVELS = 1e-5, 5
"""One minus the cosine of two planes of the same camera; and how many levels it has at least. Thin plates,
whose sides are exact planes too, have two."""


def half_step(points: NDArray[np.float64], tree: cKDTree, rows: NDArray[np.int64], spacing: float) -> float:
    """Half of a step across the surface, the most that its points are off by; zero where there are none.

    The median over those of ``points[rows]`` that are on a terrace among others.

    Args:
        points: (n, 3).
        tree: a tree of ``points``.
        rows: of which some are looked at.
        spacing: the median distance to the nearest neighbour.
    """
    if len(points) < FEWEST_POINTS:
        return 0.0
    rows = rows[:: -(-len(rows) // PLACES)]
    distance, near = tree.query(points[rows], k=FLAT)
    normals, extent = _thinnest(points[near])
    width = distance[:, -1]
    # Along a line there are many planes.
    flat = (extent[:, 0] < IN_PLANE * width) & (extent[:, 1] > 0.1 * width)
    if flat.mean() < MANY:
        return 0.0
    places, normals, width = points[rows[flat]], normals[flat], width[flat]
    around = points[tree.query(places, k=AROUND)[1]]
    heights = np.sort(np.einsum("nkd,nd->nk", around - places[:, None], normals), axis=1)
    steps = np.array([_step(h, 3 * IN_PLANE * w) for h, w in zip(heights, width, strict=True)])
    half = steps * np.abs(np.einsum("nd,nd->n", normals, _thinnest(around)[0])) / 2
    seen = half > SEEN * spacing
    if seen.sum() < MANY * len(rows) or _levels(places[seen], normals[seen], spacing) < FEWEST_LEVELS:
        return 0.0
    return float(np.median(half[seen]))


def _thinnest(near: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where neighbourhoods (m, k, 3) are thinnest, unit directions (m, 3); their extents (m, 3), rising."""
    offset = near - near.mean(axis=1, keepdims=True)
    squares, axes = np.linalg.eigh(offset.swapaxes(1, 2) @ offset)
    return axes[:, :, 0], np.sqrt(squares.clip(0))


def _step(heights: NDArray[np.float64], same: float) -> float:
    """The least distance between terraces among points at rising ``heights`` (k,), those of one closer than
    ``same``; zero if there are not two or more, with most of the points."""
    levels = np.split(heights, np.flatnonzero(np.diff(heights) > same) + 1)
    terraces = [level for level in levels if len(level) >= FEWEST]
    if len(terraces) < 2 or sum(map(len, terraces)) < MOST_OF_THEM * len(heights):
        return 0.0
    return float(np.diff([level.mean() for level in terraces]).min())


def _levels(places: NDArray[np.float64], normals: NDArray[np.float64], spacing: float) -> int:
    """Of how many parallel planes with ``normals`` (m, 3) the ``places`` (m, 3) are, those of one camera."""
    cosines = np.abs(normals @ normals.T)
    same = cosines[np.argmax((cosines > 1 - PARALLEL).sum(axis=1))] > 1 - PARALLEL
    direction = np.linalg.eigh(normals[same].T @ normals[same])[1][:, -1]
    heights = np.sort(places[same] @ direction)
    return 1 + int((np.diff(heights) > SEEN * spacing).sum())
