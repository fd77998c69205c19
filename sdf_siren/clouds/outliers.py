"""Points that float away from the surface: found by their neighbours, in any units and at any density.

Three questions, each against what is around a point and none against the scan as a whole, so that a scan may
be dense here and sparse there:

* is it much lonelier than its neighbours are, and off their plane?  Asked of the scan and of random parts
  of it, a quarter the size each time: many outliers are each other's neighbours, and only in a part with
  few of them does one see the surface again;
* is it somewhat lonelier, and many times farther off the plane of its neighbours than they are?
* does it belong to a handful of points with nothing else in reach?

Loneliness is the distance to the eighth neighbour over the median of the same for the neighbours: the local
outlier factor of Breunig et al. (2000) without its smoothing. docs/method.md says what each number was
measured to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from sdf_siren.clouds.neighbours import CHUNK, neighbours
from sdf_siren.clouds.point_cloud import PointCloud

LONELY = 3.0
"""Loneliness of outliers. The largest found on uniform samples of surfaces, noisy ones too, is 2.0."""

APART, APART_HEIGHT = 1.6, 10.0
"""Loneliness from which on a point counts that is so many times farther from its neighbours' plane than
they are."""

OFF_PLANE, THICK = 0.4, 0.25
"""What is lonely and yet in the plane of its neighbours is the rim of a denser part. So it must be off the
plane by that part of its distance to the nearest, or there must be no plane: neighbours thicker than that
part of their width."""

FLAT = 0.1
"""Points in a plane of neighbours that is thinner than this lie on a surface; nothing more is asked."""

HANDFUL, REACH = 20, 2.0
"""Most points of a group that may float away; and, in units of the spacing (to the eighth neighbour) at the
farther end, the longest step within a group, beyond which the rest has to be. One length for both: between
two, a straggler would be neither of its group nor away from it, and save them all."""

HEAPED, HEAP = 4.0, 0.2
"""The distance to the 64th neighbour over that to the eighth is 2.8 on a surface. From this ratio on points
come in heaps (a scan merged with itself, several shots at each place) or along lines, and those in a box of
that part of the distance to the 64th count as one."""

MOST_REMOVED = 0.25
"""If more than this share would go, the scan is no surface with outliers and stays as it is."""

_NEIGHBOURS, _AROUND, _MANY = 8, 32, 64
_SAMPLE = 2000
_SMALLEST = 1e-9
_THINNING, _FEWEST = 4, 1500
_PASSES = 3

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def without_outliers(cloud: PointCloud) -> PointCloud:
    """The cloud without the points that float away from its surface, and a note that counts them.

    Points within about two spacings of the surface stay: what they do to a fit its robust losses bear. So do
    rims, tips and sparse parts. Without outliers the result is ``cloud`` itself.
    """
    found = outliers(cloud.frame.to_cube(cloud.points))
    count = int(found.sum())
    if not count:
        return cloud
    share = f"{count} of {len(cloud)} points ({count / len(cloud):.2%})"
    if count > MOST_REMOVED * len(cloud):
        note = f"{share} float away from the rest: that is too much for outliers, they were kept"
        return cloud.select(np.ones(len(cloud), dtype=bool), note)
    return cloud.select(
        ~found, f"{share} float away from the surface and were dropped (--keep-outliers keeps them)"
    )


def outliers(points: NDArray[np.floating]) -> Mask:
    """Which of ``points`` (n, 3), in any units, float away from the surface that the others lie on: (n,)."""
    tree, place_of = _places(cKDTree(np.ascontiguousarray(points, dtype=np.float64)))
    look, stray = None, np.zeros(tree.n, dtype=bool)
    found = stray.copy()
    for _ in range(_PASSES):
        left = np.flatnonzero(~found)
        if len(left) <= _AROUND + 1:
            break
        look = _Look.at(tree) if look is None else look.without(stray)
        stray = _stray(look)
        found[left[stray]] = True
        if not stray.any():
            break
    return found[place_of]


def _places(tree: cKDTree) -> tuple[cKDTree, NDArray[np.int64]]:
    """Where the points are, and the place of each: the points themselves unless they come in heaps."""
    points, everything = np.asarray(tree.data), np.arange(tree.n)
    if len(points) <= _MANY:
        return tree, everything
    rows = np.random.default_rng(0).permutation(len(points))[:_SAMPLE]
    few, many = np.median(tree.query(points[rows], k=[_NEIGHBOURS + 1, _MANY + 1])[0], axis=0)
    if not many > max(HEAPED * few, _SMALLEST * float(np.ptp(points, axis=0).max())):
        return tree, everything
    box = np.floor((points - points.min(axis=0)) / (HEAP * many)).astype(np.int64)
    _, first, place_of = np.unique(box, axis=0, return_index=True, return_inverse=True)
    return cKDTree(points[first]), place_of.reshape(-1)


def _stray(whole: _Look) -> Mask:
    """Which of the points of a look are outliers."""
    points = whole.points
    found = whole.lonely | whole.apart | _handfuls(whole)
    asked = np.flatnonzero(whole.doubtful & ~found)
    order = np.random.default_rng(0).permutation(len(points))
    size = len(points)
    while size > 2 * _FEWEST and len(asked):
        size = max(_FEWEST, size // _THINNING)
        lonely = _lonely_among(points, np.sort(order[:size]), asked, whole.spacing)
        found[asked[lonely]] = True
        asked = asked[~lonely]
    return found


@dataclass(frozen=True)
class _Look:
    """What n points look like to each other. Its arrays are filled as points are looked at.

    Attributes:
        tree: of the points.
        alone: no point with a smaller spacing is lonely.
        lonely, apart: (n,) the first two questions of this module.
        doubtful: (n,) what may turn out to be lonely among a part of them.
        spacing: (n,) distance to the eighth neighbour.
        reach: (n,) distance to the last neighbour that was looked at.
        near: (n, 8) the nearest.
        close: (n, 8) which of them are within ``REACH`` of their own spacing.
    """

    tree: cKDTree
    alone: float
    lonely: Mask
    apart: Mask
    doubtful: Mask
    spacing: Floats
    reach: Floats
    near: NDArray[np.int32]
    close: Mask

    @property
    def points(self) -> Floats:
        """(n, 3)."""
        return np.asarray(self.tree.data)

    @classmethod
    def at(cls, tree: cKDTree) -> _Look:
        """Look at the points of a tree."""
        count, spacing = tree.n, _spacing(tree)
        # No median of the spacings around is smaller than the sixteenth smallest of all.
        alone = LONELY * np.partition(spacing, _AROUND // 2 - 1)[_AROUND // 2 - 1]
        near, close = np.empty((count, _NEIGHBOURS), np.int32), np.empty((count, _NEIGHBOURS), bool)
        lonely, apart, doubtful = np.zeros((3, count), dtype=bool)
        look = cls(tree, alone, lonely, apart, doubtful, spacing, np.empty(count), near, close)
        for rows, distance, index in neighbours(tree, _AROUND + 1):
            look._fill(rows, distance, index)
        return look

    def without(self, gone: Mask) -> _Look:
        """At the points that are not ``gone`` (n,). Only those are looked at that see something new: whose
        neighbours, or the spacings of these, are others.
        """
        stays = ~gone
        number = np.cumsum(stays, dtype=np.int32) - 1  # neighbours that are gone are overwritten below
        changed = stays & gone[self.near].any(axis=1)
        tree = cKDTree(self.points[stays])
        look = _Look(
            tree,
            self.alone,
            self.lonely[stays],
            self.apart[stays],
            self.doubtful[stays],
            self.spacing[stays],
            self.reach[stays],
            number[self.near[stays]],
            self.close[stays],
        )
        for some, distance, _ in _queries(tree, self.points[changed], _NEIGHBOURS + 1):
            look.spacing[number[changed][some]] = distance[:, _NEIGHBOURS]
        news = cKDTree(self.points[gone | changed])
        reach = 1.001 * float(look.reach.max())  # the bound itself is not included
        distance, _ = news.query(look.points, distance_upper_bound=reach, workers=torch.get_num_threads())
        again = np.flatnonzero(distance <= look.reach)
        for some, distance, index in _queries(tree, look.points[again], _AROUND + 1):
            look._fill(again[some], distance, index)
        return look

    def _fill(self, rows: NDArray[np.int64], distance: Floats, index: NDArray[np.int64]) -> None:
        """Look at the points ``rows`` (m,), with distances and indices (m, 33) of themselves and others."""
        spacing = self.spacing[rows]
        around = self.spacing[index[:, 1:]]
        self.reach[rows] = distance[:, -1]
        self.near[rows] = index[:, 1 : _NEIGHBOURS + 1]
        self.close[rows] = distance[:, 1 : _NEIGHBOURS + 1] <= REACH * around[:, :_NEIGHBOURS]
        ratio = _loneliness(spacing, around, APART)
        may_be = spacing >= self.alone
        for answers in (self.lonely, self.apart, self.doubtful):
            answers[rows] = False
        some = np.flatnonzero((ratio > 0) | may_be)  # the others need no plane, which takes longest to find
        rows, ratio, nearest = rows[some], ratio[some], distance[some, 1]
        height, thickness, width = _plane(self.points[rows], self.points[self.near[rows]])
        off = height > OFF_PLANE * nearest
        self.lonely[rows] = (ratio > LONELY) & (off | (thickness > THICK * width))
        self.apart[rows] = (ratio > APART) & off & (height > APART_HEIGHT * thickness)
        self.doubtful[rows] = may_be[some] & (off | (thickness >= FLAT * width))


def _lonely_among(points: Floats, part: NDArray[np.int64], asked: NDArray[np.int64], spacing: Floats) -> Mask:
    """Which of ``points[asked]`` are lonely among ``points[part]``; both sorted.

    With the ``spacing`` (n,) among all of them, only those are lonely that were so before: a small dense
    piece has few points in a part of the scan, and is none the worse for it.
    """
    among, before = points[part], spacing[part]
    tree = cKDTree(among)
    now = _spacing(tree)
    member = np.isin(asked, part, assume_unique=True)
    found = np.zeros(len(asked), dtype=bool)
    for some, distance, index in _queries(tree, points[asked], _AROUND + 1):
        # A point of the part is its own nearest; of the others the last one is too many.
        others = ~member[some]
        distance[others, 1:], index[others, 1:] = distance[others, :-1], index[others, :-1]
        index = index[:, 1:]
        ratio = np.minimum(
            _loneliness(distance[:, _NEIGHBOURS], now[index], LONELY),
            _loneliness(spacing[asked[some]], before[index], LONELY),
        )
        rows = np.flatnonzero(ratio > LONELY)
        height, thickness, width = _plane(points[asked[some]][rows], among[index[rows, :_NEIGHBOURS]])
        found[some.start + rows] = (height > OFF_PLANE * distance[rows, 1]) | (thickness > THICK * width)
    return found


def _spacing(tree: cKDTree) -> Floats:
    """Distance to the eighth neighbour of every point."""
    spacing = np.empty(tree.n)
    for rows, distance, _ in neighbours(tree, _NEIGHBOURS + 1):
        spacing[rows] = distance[:, _NEIGHBOURS]
    return spacing


def _loneliness(spacing: Floats, around: Floats, least: float) -> Floats:
    """``spacing`` (m,) over the median of that ``around`` (m, k); zero where it is below ``least``.

    Medians take long; few have half of their neighbours so much denser that theirs has to be known.
    """
    ratio = np.zeros(len(spacing))
    rows = np.flatnonzero((least * around <= spacing[:, None]).sum(axis=1) >= _AROUND // 2)
    ratio[rows] = spacing[rows] / np.maximum(np.median(around[rows], axis=1), 1e-300)
    return np.where(ratio >= least, ratio, 0.0)


def _queries(tree: cKDTree, points: Floats, count: int) -> Iterator[tuple[slice, Floats, NDArray[np.int64]]]:
    """Slices of ``points`` with distances and indices (m, count) of the nearest in ``tree``."""
    for start in range(0, len(points), CHUNK):
        rows = slice(start, start + CHUNK)
        distance, index = tree.query(points[rows], k=count, workers=torch.get_num_threads())
        yield rows, distance, index


def _plane(points: Floats, near: Floats) -> tuple[Floats, Floats, Floats]:
    """For ``points`` (m, 3) and their neighbours (m, k, 3): the height above the neighbours' plane, and their
    own spread across and along it; along, the mean of two sides, for a line is as flat as a plane."""
    mean = near.mean(axis=1, keepdims=True)
    offset = near - mean
    value, vector = np.linalg.eigh(offset.swapaxes(1, 2) @ offset / near.shape[1])
    height = np.abs(np.einsum("nd,nd->n", vector[:, :, 0], points - mean[:, 0]))
    across, narrow, wide = np.sqrt(np.maximum(value, 0)).T
    return height, across, np.sqrt(narrow * wide)


def _handfuls(whole: _Look) -> Mask:
    """Members of small groups with a wide gap around them."""
    count = whole.tree.n
    here = np.repeat(np.arange(count, dtype=np.int32), _NEIGHBOURS)[whole.close.ravel()]
    there = whole.near[whole.close]
    links = coo_matrix((np.ones(len(here), dtype=bool), (here, there)), shape=(count, count))
    groups, group = connected_components(links, directed=False)
    few = np.flatnonzero((np.bincount(group) <= HANDFUL)[group])
    gap = np.full(groups, np.inf)
    for rows, distance, index in _queries(whole.tree, whole.points[few], _AROUND + 1):
        own = group[few[rows]]
        outside = group[index] != own[:, None]
        steps_out = np.where(outside, distance / np.maximum(whole.spacing[index], 1e-300), np.inf)
        np.minimum.at(gap, own, steps_out.min(axis=1))
    found = np.zeros(count, dtype=bool)
    found[few] = gap[group[few]] > REACH
    return found
