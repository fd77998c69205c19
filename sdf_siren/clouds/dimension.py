"""Whether points lie on a surface at all, or along curves, or fill a volume.

A fit makes a surface of anything. What it is worth is asked of the points alone: a place lies on a surface
if some neighbourhood of it, from ``SIZES[0]`` points to a sixth of the scan, is flat, is about as wide as
long, and did not become so by the bends of a curve. The sizes rise, since the neighbours of a noisy point
fill a volume up to the noise, and those on scan lines a curve up to the next line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

SIZES = (16, 32, 64, 192, 768)
"""Points of a neighbourhood."""

FEWEST = 2 * SIZES[0]
"""Fewer points are too few to tell anything: one neighbourhood is half of them."""

FLAT = 0.4
"""Thickness over width, as standard deviations, below which a neighbourhood is flat. That of 16 points in a
volume is 0.65 on average, and one in a hundred is below."""

WIDE = 0.3
"""Width over length above which it is no piece of a curve. Scan lines 20 times as far apart as their points
are wide with 64 neighbours."""

GROWTH = 1.5
"""A neighbourhood of r times the radius has r^2 times the points on a surface, r times on a curve; this
exponent parts them where a curve is wide because it bends."""

HARDLY_ANY = 0.03
"""Share of places on a surface below which there is none. Of points in a volume it is 0.01 at most, of 1,000
points on thin parts 0.06 and more, of real scans 0.5 and more."""

MOSTLY = 0.5
"""Share of places on curves from which on the scan is one; real scans have 0.002 at most."""

_PART = 6
_SAMPLE = 1000
_CHUNK = 100


@dataclass(frozen=True)
class Dimension:
    """What the points are spread over.

    Attributes:
        points: how many there are.
        surface: share of the places looked at that lie on a surface.
        curve: share that lies on none and is narrow in every neighbourhood.
    """

    points: int
    surface: float
    curve: float

    def doubt(self) -> str | None:
        """A sentence for the user if no surface can be told from the points, else None."""
        if self.points < FEWEST:
            return f"{self.points} points are too few to tell a surface: the mesh is one of many through them"
        if self.curve > MOSTLY:
            return f"{self.curve:.0%} of the points lie along curves: a mesh of them is not to be relied on"
        if self.surface < HARDLY_ANY:
            return "the points fill a volume and lie on no surface: a mesh of them is not to be relied on"
        return None


def dimension(points: NDArray[np.float64]) -> Dimension:
    """Look at 1000 places of a scan.

    Args:
        points: (n, 3), n >= 1, without exact duplicates.
    """
    points = points - points.mean(axis=0)
    tree = cKDTree(points)
    rows = np.random.default_rng(0).permutation(len(points))[:_SAMPLE]
    shapes = [_shapes(tree, part) for part in np.split(rows, range(_CHUNK, len(rows), _CHUNK))]
    surface, narrow = np.concatenate(shapes, axis=1)
    return Dimension(len(points), float(surface.mean()), float((narrow & ~surface).mean()))


def _shapes(tree: cKDTree, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of places, whether they lie on a surface and whether they are narrow at every size: (2, len(rows))."""
    surface, narrow = np.zeros(len(rows), bool), np.ones(len(rows), bool)
    left = np.arange(len(rows))  # what lies on a surface at one size does so whatever the others say
    before: tuple[int, NDArray[np.float64]] | None = None
    for size in SIZES:
        if not len(left) or (before is not None and size * _PART > tree.n):
            break
        size = min(size, tree.n)
        distance, near = tree.query(
            tree.data[rows[left]], k=np.arange(1, size + 1), workers=torch.get_num_threads()
        )
        offset = tree.data[near] - tree.data[near].mean(axis=1, keepdims=True)
        widths = np.sqrt(np.maximum(np.linalg.eigvalsh(offset.swapaxes(1, 2) @ offset), 0))
        thickness, width, length = np.maximum(widths.T, 1e-300)
        wide = width > WIDE * length
        grown = wide
        if before is not None:
            more = np.log(np.maximum(distance[:, -1], 1e-300) / np.maximum(before[1], 1e-300))
            grown = wide & (np.log(size / before[0]) > GROWTH * more)
        surface[left] = grown & (thickness < FLAT * width)
        narrow[left] &= ~grown
        before = size, distance[~surface[left], -1]
        left = left[~surface[left]]
    return np.stack([surface, narrow])
