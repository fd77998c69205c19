"""Least squares on tiles: what a field leaves of the scan's points and normals, as local cubics.

Each tile takes the points in its box and solves, in closed form and float64, for the cubic q with

    min  sum_i (q(x_i) - r_i)^2 / h^2 + w^2 |grad q(x_i) - s_i|^2  +  ridge n |c|^2

where r_i and s_i are what is missing at point i in value and gradient, h is half the box, and c are the
coefficients of q / h in the orthonormal Legendre polynomials of the box, so that the ridge also damps q
where there is no data. Normals are trusted less than positions: even on a clean scan they belong to
the smooth surface that the scanned facets only approximate. Where one points elsewhere than the field
does, w falls off: a single normal of a sliver, against a dozen good ones, would press a pit into the surface.
And where the value misses more than half the box, as on the walls of a crevice that the field has closed,
no cubic can mend it, it would blow bubbles: such a row counts less than half. Coarser levels are for that.

Places off the surface whose distance is known (:mod:`sdf_siren.fitting.folds`) add rows of their value alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from sdf_siren.fields import CubicTiles
from sdf_siren.fields.threads import drain, processors
from sdf_siren.fields.tiles import COEFFICIENTS, EXPONENTS, OVERLAP, REACH, differentiated, monomials

FEWEST_POINTS = 3
"""A tile with fewer points is left out; with so many, the ridge keeps it from guessing."""

MOST_POINTS = 400
"""A random subset of so many points stands for more; they would not change the cubic."""

DOUBTED = 0.5
"""What is missing in the gradient (about the angle in radians) from where on a normal counts little."""

BESIDE_WEIGHT = 0.1
"""Of a value off the surface beside that of a point on it. There is no surface to be exact about."""

_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Trust:
    """How much of what is missing is believed.

    Attributes:
        gradient_weight: w above.
        ridge: above.
        projected: place each point where the field's normal through it meets the zero level set. On a
            noisy scan the correction must be a function of the place on the surface; as a function of the
            noisy position it would learn the noise, by flattening the field.
    """

    gradient_weight: float
    ridge: float
    projected: bool


def fit_tiles(
    points: Tensor,
    missing: Tensor,
    missing_gradient: Tensor,
    side: float,
    trust: Trust,
    *,
    seen_from: Tensor | None = None,
    beside: tuple[Tensor, Tensor] | None = None,
) -> CubicTiles:
    """Cubic tiles that take up what is missing.

    Args:
        points: (n, 3) float32 cube coordinates, on the CPU.
        missing: (n,) to be added to the field's value there.
        missing_gradient: (n, 3) the same for the gradient.
        side: of a tile, cube lengths.
        trust: see :class:`Trust`.
        seen_from: solve only the tiles that bear on one of these points (m, 3).
        beside: places off the surface (l, 3) and what is missing in value there (l,). They count in the tiles
            that have points of the surface; none has a tile for their sake.
    """
    tiles = _Membership.of(points, side, seen_from)
    coefficients = points.new_zeros(len(tiles.keys), COEFFICIENTS)
    half = side * REACH
    centres = (tiles.places.to(points.dtype) + 0.5) * side - 1
    strange_value = (missing / half) ** 4
    strange_gradient = (missing_gradient.norm(dim=1) / DOUBTED) ** 4
    value_weights = 1 / (1 + strange_value)
    gradient_weights = trust.gradient_weight / (1 + strange_value + strange_gradient)
    off, off_missing = beside or (points[:0], missing[:0])
    places = tiles.of_others(off, side)
    off_weights = BESIDE_WEIGHT / (1 + (off_missing / half) ** 4)
    tasks = tiles.batches(_ROWS_AT_ONCE)

    def work(_: None, task: int) -> None:
        part = tasks[task]
        rows, real = tiles.members(part)
        u = ((points[rows] - centres[part, None]) / half).double()
        weight = (value_weights[rows] * real).double()
        gradient_weight = (gradient_weights[rows] * real).double()[..., None]
        value, slope = _legendre(u)
        matrix = torch.cat(
            [value * weight[..., None], (slope * gradient_weight[..., None]).flatten(1, 2)], dim=1
        )
        wanted = torch.cat(
            [
                missing[rows].double() / half * weight,
                (missing_gradient[rows].double() * gradient_weight).flatten(1, 2),
            ],
            dim=1,
        )
        normal, right = matrix.mT @ matrix, matrix.mT @ wanted[..., None]
        rows, there = places.members(part)
        if rows.shape[1]:
            weight = (off_weights[rows] * there).double()
            value = _values(((off[rows] - centres[part, None]) / half).double()) * weight[..., None]
            normal += value.mT @ value
            right += value.mT @ (off_missing[rows].double() / half * weight)[..., None]
        normal.diagonal(dim1=1, dim2=2).add_(trust.ridge * real.sum(dim=1)[:, None])
        solution = torch.cholesky_solve(right, torch.linalg.cholesky(normal))
        coefficients[part] = (solution[..., 0] @ _LEGENDRE * half).to(coefficients.dtype)

    drain(len(tasks), work, [None] * processors())
    return CubicTiles(side, tiles.places, coefficients)


@dataclass(frozen=True)
class _Membership:
    """Which points are in which tile's box: tiles in order of their counts.

    Attributes:
        places: (t, 3) int64.
        keys: (t,) int64, one number per place.
        first, count: (t,) the slice of ``rows`` that belongs to a tile.
        rows: (m,) point indices, shuffled within a tile.
    """

    places: Tensor
    keys: Tensor
    first: Tensor
    count: Tensor
    rows: Tensor

    @classmethod
    def of(cls, points: Tensor, side: float, seen_from: Tensor | None = None) -> _Membership:
        """The tiles of ``points``; with ``seen_from``, only those that bear on one of these points too."""
        key, row = memberships(points, side)
        if seen_from is not None:
            chosen = torch.isin(key, memberships(seen_from, side)[0])
            key, row = key[chosen], row[chosen]
        key, row = _shuffled(key, row)
        order = key.argsort(stable=True)
        keys, count = torch.unique_consecutive(key[order], return_counts=True)
        whole = cls(_place(keys, side), keys, count.cumsum(0) - count, count, row[order])
        along = math.ceil(2 / side)
        inside = ((whole.places >= 0) & (whole.places < along)).all(dim=1)
        whole = whole.only(inside & (count >= FEWEST_POINTS))
        return whole.only(whole.count.argsort(stable=True))

    def of_others(self, points: Tensor, side: float) -> _Membership:
        """The same tiles with other points in them; some may have none."""
        key, row = _shuffled(*memberships(points, side))
        keys, tile = self.keys.sort()
        here = torch.isin(key, keys)
        tile, row = tile[torch.searchsorted(keys, key[here])], row[here]
        count = torch.bincount(tile, minlength=len(keys))
        rows = row[tile.argsort(stable=True)]
        return _Membership(self.places, self.keys, count.cumsum(0) - count, count, rows)

    def only(self, chosen: Tensor) -> _Membership:
        return _Membership(
            self.places[chosen], self.keys[chosen], self.first[chosen], self.count[chosen], self.rows
        )

    def batches(self, rows: int) -> list[slice]:
        """Slices of tiles of about ``rows`` rows in all, padded to the largest tile of each."""
        counts = self.count.clamp_max(MOST_POINTS).tolist()
        slices, start = [], 0
        for stop in range(1, len(counts) + 1):
            if stop == len(counts) or (stop + 1 - start) * counts[stop] > rows:
                slices.append(slice(start, stop))
                start = stop
        return slices

    def members(self, part: slice) -> tuple[Tensor, Tensor]:
        """Point indices (t, k) of some tiles and which of them are real, not padding."""
        count = self.count[part].clamp_max(MOST_POINTS)
        column = torch.arange(int(count.max()))
        place = self.first[part, None] + torch.minimum(column, (count[:, None] - 1).clamp_min(0))
        return self.rows[place.clamp_max(len(self.rows) - 1)], column < count[:, None]


def _shuffled(key: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
    shuffle = torch.randperm(len(key), generator=torch.Generator().manual_seed(0))
    return key[shuffle], row[shuffle]


def memberships(points: Tensor, side: float) -> tuple[Tensor, Tensor]:
    """Every pair of a tile (its key) and a point (its row) in the tile's box: (m,) and (m,), int64."""
    position = (points + 1) / side
    base = position.floor()
    part = position - base
    home = _key(base.long(), side)
    stride = _stride(side)
    # Along each axis: in reach of the tile before, of its own, of the one after.
    reached = [(axis < OVERLAP, None, axis > 1 - OVERLAP) for axis in part.unbind(1)]
    keys, rows = [home], [torch.arange(len(points))]
    for offset in product((0, 1, 2), repeat=3):
        masks = [m for m in (reached[a][o] for a, o in enumerate(offset)) if m is not None]
        if masks:
            row = torch.stack(masks).all(dim=0).nonzero()[:, 0]
            i, j, k = (o - 1 for o in offset)
            keys.append(home[row] + (i * stride + j) * stride + k)
            rows.append(row)
    return torch.cat(keys), torch.cat(rows)


def _stride(side: float) -> int:
    return math.ceil(2 / side) + 4  # points may lie a little outside the cube


def _key(place: Tensor, side: float) -> Tensor:
    stride = _stride(side)
    i, j, k = (place.clamp(-2, stride - 3) + 2).unbind(-1)
    return (i * stride + j) * stride + k


def _place(key: Tensor, side: float) -> Tensor:
    stride = _stride(side)
    return torch.stack([key // stride**2, key // stride % stride, key % stride], dim=1) - 2


def _legendre_in_monomials() -> Tensor:
    """(20, 20) float64: row p holds the monomial coefficients of the p-th product of Legendre polynomials,
    scaled to mean square one over the box [-1, 1]^3."""
    one = torch.zeros(4, 4, dtype=torch.float64)  # [degree, power]
    one[0, 0], one[1, 1] = 1, 1
    one[2, 0], one[2, 2] = -0.5, 1.5
    one[3, 1], one[3, 3] = -1.5, 2.5
    one *= torch.sqrt(2 * torch.arange(4, dtype=torch.float64) + 1)[:, None]
    rows = [
        [float(one[p[0], e[0]] * one[p[1], e[1]] * one[p[2], e[2]]) for e in EXPONENTS] for p in EXPONENTS
    ]
    return torch.tensor(rows, dtype=torch.float64)


_LEGENDRE = _legendre_in_monomials()
_LEGENDRE_SLOPES = differentiated(_LEGENDRE).flatten(0, 1)
"""(20 * 3, 10)"""


def _values(u: Tensor) -> Tensor:
    """The basis (t, k, 20) at ``u`` (t, k, 3)."""
    return (monomials(u.reshape(-1, 3)) @ _LEGENDRE.T).reshape(*u.shape[:-1], COEFFICIENTS)


def _legendre(u: Tensor) -> tuple[Tensor, Tensor]:
    """The basis (t, k, 20) and its gradient (t, k, 3, 20) at ``u`` (t, k, 3)."""
    m = monomials(u.reshape(-1, 3))
    value = m @ _LEGENDRE.T
    slope = m[:, : _LEGENDRE_SLOPES.shape[1]] @ _LEGENDRE_SLOPES.T
    shape = u.shape[:-1]
    return value.reshape(*shape, -1), slope.reshape(*shape, COEFFICIENTS, 3).mT
