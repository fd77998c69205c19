"""How far a place of a surface is from what was measured, in spacings of the scan.

The spacing of a scan varies: a rotating scanner's grows with the distance, strips overlap. A point's own
spacing is the side of the square that it stands for: a disc that just reaches its k-th neighbour holds k
squares, so that ``h = r_k sqrt(pi / k)``. The median over the point and its neighbours is taken, or half its
own if that is more: a stray point, far from all others, would else reach as far as its distance from them.

A surface may pass by points and yet be made up, where it closes behind a wall that was seen from one side.
So the measure has two parts,

    support = min over the nearest points of sqrt((d / h)^2 + ANGLE (1 - cos)),

with d the distance to the point and cos between the normals of point and surface. It is d / h where the
normals agree, at least 2.2 where they are at right angles, and more than 3 where they are opposite. Being
smooth, it can be cut along a level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.neighbours import neighbours
from sdf_siren.frames import Similarity

NEIGHBOURS = 16
"""k. Scan lines that are up to twenty times as far apart as their points still count as one surface, at 3
spacings; with 8 neighbours up to fifteen times."""

ANGLE = 5.0
"""Weight of the angle; errors of normals of 0.2 rad count as 0.3 spacings."""

FAR = 3.0
"""Beyond so many spacings there are no data: of points scattered at random over a plane, five places in 10^13
are farther from all of them."""

_CANDIDATES = 8
"""Points around a place that are looked at: of a plate scanned on both sides, half of them face away."""

FARTHEST = 10.0
"""What is farther counts as that far: it makes no difference any more, and the nearest point of a large scan
takes long to find from far away."""

_CHUNK = 65_536


@dataclass(frozen=True)
class _Band:
    """Points of about the same spacing, in the cube.

    Where dense points stand close to sparse ones, the nearest points of a place need not be those that
    support it best; among points of one band they are.
    """

    tree: cKDTree
    spacing: NDArray[np.float64]
    normals: NDArray[np.floating] | None

    def support(
        self, places: NDArray[np.float64], normals: NDArray[np.floating] | None
    ) -> NDArray[np.float64]:
        """Support (v,) of places (v, 3) by these points; infinite beyond ``FARTHEST`` spacings."""
        nearest = np.arange(1, min(_CANDIDATES, self.tree.n) + 1)
        reach = FARTHEST * float(self.spacing.max())
        distance, index = self.tree.query(
            places, k=nearest, distance_upper_bound=reach, workers=torch.get_num_threads()
        )
        support = np.full(len(places), np.inf)
        near = np.flatnonzero(np.isfinite(distance[:, 0]))
        distance, index = distance[near], index[near]
        index = np.minimum(index, self.tree.n - 1)  # none, at infinite distance, has the next number
        squared = (distance / self.spacing[index]) ** 2
        if normals is not None and self.normals is not None:
            cosine = np.einsum("vkd,vd->vk", self.normals[index], normals[near])
            squared += ANGLE * np.maximum(1 - cosine, 0)
        support[near] = np.sqrt(squared.min(axis=1))
        return support


@dataclass(frozen=True, eq=False)
class Support:
    """A scan, asked how far places are from it in its own spacings.

    Attributes:
        points: (n, 3) float64 world coordinates.
        normals: (n, 3) unit normals, or None: then only distances count.
        frame: takes the points into the cube, where digits do not get lost.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.floating] | None
    frame: Similarity

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.frame.to_cube(self.points))

    @cached_property
    def _spacing(self) -> NDArray[np.float64]:
        """At the points, in the cube."""
        k = min(NEIGHBOURS, self._tree.n - 1)
        if k < 1:
            return np.ones(self._tree.n)
        count = self._tree.n
        own, around, near = np.empty(count), np.empty(count), np.empty((count, k + 1), np.int32)
        for rows, distance, index in neighbours(self._tree, k + 1):
            own[rows], near[rows] = distance[:, k] * np.sqrt(np.pi / k), index
        for start in range(0, count, _CHUNK):
            rows = self._tree.indices[start : start + _CHUNK]
            around[rows] = np.median(own[near[rows]], axis=1)
        # Half its own is left to a point beside a much denser part, which most of its neighbours are in.
        local = np.maximum(around, own / 2)
        # A heap of doubles has no spacing of its own.
        return np.asarray(np.maximum(local, 1e-3 * np.median(local) or 1.0))

    @cached_property
    def _bands(self) -> list[_Band]:
        octave = np.round(np.log2(self._spacing / np.median(self._spacing)))
        bands = []
        for rows in (octave == one for one in np.unique(octave)):
            normals = None if self.normals is None else self.normals[rows]
            bands.append(_Band(cKDTree(self._tree.data[rows]), self._spacing[rows], normals))
        return bands

    @property
    def spacing(self) -> NDArray[np.float64]:
        """The local spacing (n,) at every point, world units."""
        return self.frame.length_to_world(self._spacing)

    def spacing_at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The local spacing (v,) at the points nearest to places (v, 3); world units."""
        _, index = self._tree.query(self.frame.to_cube(places), workers=torch.get_num_threads())
        return self.frame.length_to_world(self._spacing[index])

    def within(self, places: NDArray[np.float64], spacings: float, more: float) -> NDArray[np.bool_]:
        """Which places (v, 3) may be within so many ``spacings`` and ``more`` of a point, by distance alone.

        All that are, and where the spacing varies by less than an octave some that are up to twice as far;
        ``more`` is in world units, as ``places`` are.
        """
        cube, beyond = self.frame.to_cube(places), self.frame.scale * more
        found = np.zeros(len(places), dtype=bool)
        for band in self._bands:
            rest = np.flatnonzero(~found)
            reach = spacings * float(band.spacing.max()) + beyond
            distance, _ = band.tree.query(
                cube[rest], distance_upper_bound=reach, workers=torch.get_num_threads()
            )
            found[rest] = np.isfinite(distance)
        return found

    def at(self, places: NDArray[np.float64], normals: NDArray[np.floating] | None) -> NDArray[np.float64]:
        """The support (v,) of places (v, 3), in spacings, at most ``FARTHEST``.

        Args:
            places: world coordinates.
            normals: (v, 3) unit normals of the surface there, or None: then only distances count.
        """
        found = np.full(len(places), FARTHEST)
        for start in range(0, len(places), _CHUNK):
            some = slice(start, start + _CHUNK)
            cube, turned = self.frame.to_cube(places[some]), None if normals is None else normals[some]
            for band in self._bands:
                np.minimum(found[some], band.support(cube, turned), out=found[some])
        return found
