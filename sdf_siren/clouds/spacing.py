"""How dense and how noisy a scan is: the two lengths that a fit sets its tolerances by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.steps import half_step
from sdf_siren.errors import InputError

SAMPLE = 4000
"""Points looked at; medians of that many are stable to a few per cent."""

NEIGHBOURS = 3

NOISY = 0.1
"""The part of the spacing from which on noise counts as such; on clean scans, creased ones too, what is
measured stays below 0.08."""

THICK_NEIGHBOURS = (16, 48, 192)
"""A neighbourhood is large enough to tell its thickness where it is ``FLAT_ENOUGH`` times as wide."""

FLAT_ENOUGH = 5.0

SHAPE = 1.7
"""A neighbourhood that is so many times as thick as the smaller one before shows the shape (both sides of a
thin part) and no more of the noise; with noise alone it is 1.54 times as thick at most."""

_MEDIAN_OF_DIFFERENCE = 0.954
"""Median of |a - b| for two independent standard normal numbers: 0.6745 sqrt(2)."""


@dataclass(frozen=True)
class ScanGauge:
    """Two lengths of a scan, in the units of the points that were measured.

    Attributes:
        spacing: median distance from a point to its nearest neighbour.
        noise: standard deviation of the points across the surface. On a clean scan it is not zero but
            the sagitta of the surface between neighbours.
    """

    spacing: float
    noise: float

    @property
    def noisy(self) -> bool:
        """Whether the noise is a sizeable part of the spacing."""
        return self.noise > NOISY * self.spacing


def gauge(
    points: ArrayLike,
    normals: ArrayLike,
    tree: cKDTree | None = None,
    seed: int = 0,
) -> ScanGauge:
    """Spacing and noise of an oriented point cloud without exact duplicates.

    The noise is ``median |(n_i + n_j)/2 . (p_j - p_i)| / 0.954`` over the three nearest neighbours:
    for two points of a curve the mean normal is perpendicular to the chord up to third order, so
    that curvature cancels and what remains is the difference of two errors. Errors of the normals times the
    spacing are read as noise too, and normals that were estimated from the same points hide some of it; so
    where this says that there is noise, its size is taken from the points alone: what a quadric leaves of a
    neighbourhood that is much wider than thick. Depth in steps hides from both: half a step is noise too.

    Args:
        points: (n, 3), n >= 2, any units.
        normals: (n, 3) unit normals.
        tree: a tree of ``points``, if the caller has one already.
        seed: chooses the random subset of at most 4000 points; neighbours come from all points.

    Raises:
        InputError: fewer than two points.
    """
    points = np.asarray(points, dtype=np.float64)
    normals = np.asarray(normals, dtype=np.float64)
    if normals.shape != points.shape:
        raise ValueError(f"normals must be {points.shape}, found {normals.shape}")
    count = len(points)
    if count < 2:
        raise InputError(f"expected at least two points to measure their spacing, found {count}")
    if tree is None:
        tree = cKDTree(points)
    rows = np.arange(count)
    if count > SAMPLE:
        rows = np.random.default_rng(seed).choice(count, SAMPLE, replace=False)
    distance, neighbour = tree.query(points[rows], k=min(NEIGHBOURS + 1, count))
    distance, neighbour = distance[:, 1:], neighbour[:, 1:]  # the first is the point itself
    chord = points[neighbour] - points[rows, None]
    mean_normal = (normals[neighbour] + normals[rows, None]) / 2
    across = np.abs(np.einsum("nkd,nkd->nk", mean_normal, chord))
    measured = ScanGauge(
        spacing=float(np.median(distance[:, 0])),
        noise=float(np.median(across)) / _MEDIAN_OF_DIFFERENCE,
    )
    noise = [measured.noise, half_step(points, tree, rows, measured.spacing)]
    if measured.noisy and count > THICK_NEIGHBOURS[0]:
        noise.append(thickness(points, tree, rows))
    return ScanGauge(measured.spacing, max(noise))


def thickness(
    points: NDArray[np.float64],
    tree: cKDTree,
    rows: NDArray[np.int64],
    sizes: tuple[int, ...] = THICK_NEIGHBOURS,
) -> float:
    """Median over ``points[rows]`` of the standard deviation from a quadric through their neighbours.

    Args:
        points: (n, 3), more than ``sizes[0]`` of them.
        tree: a tree of ``points``.
        rows: the points to look at.
        sizes: numbers of neighbours, rising; the first ``FLAT_ENOUGH`` times as wide as thick decides, or the
            one before thickness shows the shape.
    """
    found = np.inf
    for neighbours in sizes:
        distance, index = tree.query(points[rows], k=min(neighbours, len(points)))
        near = points[index] - points[index].mean(axis=1, keepdims=True)
        width = distance[:, -1, None, None]
        width = np.maximum(width, 1e-9 * (width.max() or 1.0))  # a heap of doubles has none
        axes = np.linalg.eigh(near.swapaxes(1, 2) @ near)[1]  # the first is across the surface
        h, u, v = np.moveaxis(near @ axes / width, 2, 0)
        quadric = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=2)
        normal = quadric.swapaxes(1, 2) @ quadric + 1e-9 * np.eye(6)
        solution = np.linalg.solve(normal, quadric.swapaxes(1, 2) @ h[..., None])
        left = h - (quadric @ solution)[..., 0]
        deviation = np.sqrt((left**2).sum(axis=1) / (left.shape[1] - 6)) * width[:, 0, 0]
        deviation_across = float(np.median(deviation))
        if deviation_across > SHAPE * found:
            break
        found = deviation_across
        if FLAT_ENOUGH * found < np.median(width):
            break
    return found
