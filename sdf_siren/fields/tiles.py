"""A local correction of a field: cubic polynomials on overlapping tiles, blended smoothly.

Space is cut into cubic tiles of side s. The polynomial of a tile is used in a box that is larger by
``OVERLAP`` s on every side, where weights that sum to one blend it with its neighbours':

    c(x) = sum_t w(d_1) w(d_2) w(d_3) q_t(d / R),   d = (x - centre_t) / s,   R = 1/2 + OVERLAP

with w = 1 for |d| <= 1/2 - OVERLAP, 0 for |d| >= R, and the quintic step 6 t^5 - 15 t^4 + 10 t^3 between,
so that c has continuous second derivatives. (Blending local fits: McLain 1976; Ohtake et al. 2003,
"Multi-level partition of unity implicits".) Where no tile is, c is zero.

Few points see all eight tiles of their neighbourhood: 3.4 on average. Nothing is evaluated for the
others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from sdf_siren.fields.threads import in_chunks

OVERLAP = 0.25
"""By which part of its side a tile reaches into its neighbours. More blends more tiles at every point;
with less, the tiles lose the points that they need at their rims."""

REACH = 0.5 + OVERLAP
"""Half the box where a tile's polynomial is used, in sides."""

LEAST_SIDE = 1e-5
"""So that the number of a place fits into 64 bits."""

CHUNK_ROWS, GPU_CHUNK_ROWS = 16_384, 2**20
"""Points that are evaluated at once."""

EXPONENTS: tuple[tuple[int, int, int], ...] = tuple(
    sorted(
        ((i, j, k) for i, j, k in product(range(4), repeat=3) if i + j + k <= 3),
        key=lambda e: (sum(e), [-power for power in e]),
    )
)
"""Of the monomials, by degree: 1, x, y, z, xx, xy, xz, yy, yz, zz, xxx, ..."""

COEFFICIENTS = len(EXPONENTS)
_LINEAR, _QUADRATIC = 4, 10
"""How many monomials have at most that degree."""

_CORNERS = tuple(product((0, 1), repeat=3))


class CubicTiles:
    """The correction; a :class:`~sdf_siren.fields.field.Field` that is zero away from its tiles.

    Attributes:
        side: of a tile, cube lengths.
        places: (t, 3) int64: tile (i, j, k) is centred at ``side (i + 1/2, j + 1/2, k + 1/2) - 1``.
        coefficients: (t, 20) of the monomials ``EXPONENTS`` in ``(x - centre) / (side REACH)``; cube lengths.

    Raises:
        ValueError: sizes that do not fit together, or tiles outside the cube.
    """

    def __init__(self, side: float, places: Tensor, coefficients: Tensor) -> None:
        if not (math.isfinite(side) and LEAST_SIDE <= side <= 2):
            raise ValueError(f"tiles need a side from {LEAST_SIDE} to 2, found {side}")
        if places.dtype != torch.int64 or tuple(places.shape) != (len(coefficients), 3):
            raise ValueError(f"expected places (t, 3) int64, found {tuple(places.shape)} {places.dtype}")
        if tuple(coefficients.shape) != (len(places), COEFFICIENTS):
            raise ValueError(f"expected coefficients (t, {COEFFICIENTS}), found {tuple(coefficients.shape)}")
        self._along = math.ceil(2 / side)
        if len(places) and not 0 <= int(places.min()) <= int(places.max()) < self._along:
            raise ValueError(f"expected places from 0 to {self._along - 1}")
        self.side, self.places, self.coefficients = side, places, coefficients
        self._keys, self._tiles = self._neighbourhoods()
        self._gradients = differentiated(coefficients) / (side * REACH)

    def __len__(self) -> int:
        return len(self.places)

    def to(self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> CubicTiles:
        """The same with other storage."""
        places, coefficients = self.places.to(device=device), self.coefficients.to(dtype=dtype, device=device)
        if places is self.places and coefficients is self.coefficients:
            return self
        return CubicTiles(self.side, places, coefficients)

    def value(self, x: Tensor) -> Tensor:
        """Values (n, 1) at points ``x`` (n, 3)."""
        value = x.new_zeros(len(x), 1)

        def work(_: None, part: slice) -> None:
            for at in self._seen(x[part]):
                value[part].index_add_(0, at.rows, (at.blend() * at.polynomial(self.coefficients))[:, None])

        _in_chunks(x, work)
        return value

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and gradients (n, 3) at points ``x`` (n, 3)."""
        value, gradient = x.new_zeros(len(x), 1), x.new_zeros(len(x), 3)

        def work(_: None, part: slice) -> None:
            for at in self._seen(x[part]):
                w, q = at.blend(), at.polynomial(self.coefficients)
                slope = q[:, None] * at.blend_gradient(self.side) + w[:, None] * at.gradient(self._gradients)
                value[part].index_add_(0, at.rows, (w * q)[:, None])
                gradient[part].index_add_(0, at.rows, slope)

        _in_chunks(x, work)
        return value, gradient

    def laplacian(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values (n, 1), Jacobians (n, 1, 3) and Laplacians (n, 1) at ``x`` (n, 3)."""
        value, gradient = self.value_and_gradient(x)
        laplacian = x.new_zeros(len(x), 1)
        curvature = _laplacian_of(self.coefficients) / (self.side * REACH) ** 2
        for at in self._seen(x):
            w, q = at.blend(), at.polynomial(self.coefficients)
            crossed = (at.blend_gradient(self.side) * at.gradient(self._gradients)).sum(dim=1)
            bent = (at.monomials[:, :_LINEAR] * curvature[at.tiles]).sum(dim=1)
            total = q * at.blend_laplacian(self.side) + 2 * crossed + w * bent
            laplacian.index_add_(0, at.rows, total[:, None])
        return value, gradient[:, None], laplacian

    def _neighbourhoods(self) -> tuple[Tensor, Tensor]:
        """For every cell between tile centres that has a tile at one of its eight corners: its key,
        sorted, and the tiles (m, 8), -1 where there is none. One search per point then finds all."""
        offsets = torch.tensor(_CORNERS, device=self.places.device)
        keys = self._key(self.places[:, None] - offsets)  # (t, 8)
        found, slot = torch.unique(keys, return_inverse=True)
        tiles = torch.full((len(found), 8), -1, device=self.places.device)
        number = torch.arange(len(self), device=self.places.device)[:, None].expand(-1, 8)
        tiles[slot, torch.arange(8, device=self.places.device).expand(len(self), -1)] = number
        return found, tiles

    def _key(self, cell: Tensor) -> Tensor:
        """One integer per cell (..., 3) with indices from -1 to ``_along - 1``."""
        i, j, k = (cell + 1).unbind(-1)
        return (i * (self._along + 1) + j) * (self._along + 1) + k

    def _seen(self, x: Tensor) -> Iterator[_Tile]:
        """The points that each corner's tile bears on, corner by corner."""
        if not len(self):
            return
        position = (x + 1) / self.side - 0.5
        # Points outside the cube are given to cells at its rim, whose blend is zero that far away.
        cell = position.floor().clamp_(-1, self._along - 1)
        key = self._key(cell.long())
        slot = torch.searchsorted(self._keys, key).clamp_max_(len(self._keys) - 1)
        rows = (self._keys[slot] == key).nonzero()[:, 0]
        away = (position - cell).index_select(0, rows)
        tiles = self._tiles.index_select(0, slot.index_select(0, rows)).T.contiguous()
        # Along each axis a point is within reach of the tile before it, the one after it, or both.
        reached = ((away < REACH).T.contiguous(), (away > 1 - REACH).T.contiguous())
        for tile, (i, j, k) in zip(tiles, _CORNERS, strict=True):
            near = ((tile >= 0) & reached[i][0] & reached[j][1] & reached[k][2]).nonzero()[:, 0]
            if len(near):
                d = away.index_select(0, near) - away.new_tensor((i, j, k))
                yield _Tile.of(rows.index_select(0, near), tile.index_select(0, near), d)


class _Tile(NamedTuple):
    """Points near tiles: (m,) rows of the points and their tiles, (m, 3) offsets from the tiles' centres
    in sides, (m, 3) progress through the zone of blending, 1 inside of it, and its smooth step, and (m, 20)
    monomials."""

    rows: Tensor
    tiles: Tensor
    d: Tensor
    t: Tensor
    w: Tensor
    monomials: Tensor

    @classmethod
    def of(cls, rows: Tensor, tiles: Tensor, d: Tensor) -> _Tile:
        t = ((REACH - d.abs()) / (2 * OVERLAP)).clamp_(0, 1)
        w = t * t * t * (10 + t * (6 * t - 15))
        return cls(rows, tiles, d, t, w, monomials(d / REACH))

    def polynomial(self, coefficients: Tensor) -> Tensor:
        return (self.monomials * coefficients.index_select(0, self.tiles)).sum(dim=1)

    def gradient(self, gradients: Tensor) -> Tensor:
        return torch.bmm(gradients.index_select(0, self.tiles), self.monomials[:, :_QUADRATIC, None])[:, :, 0]

    def blend(self) -> Tensor:
        return self.w.prod(dim=1)

    def blend_gradient(self, side: float) -> Tensor:
        t = self.t
        slope = self.d.sign() * (t * (1 - t)).square() * (-30 / (2 * OVERLAP * side))
        return slope * _products_of_others(self.w)

    def blend_laplacian(self, side: float) -> Tensor:
        t = self.t
        second = t * (1 - t) * (1 - 2 * t) * (60 / (2 * OVERLAP * side) ** 2)
        return (second * _products_of_others(self.w)).sum(dim=1)


def _in_chunks(x: Tensor, work: Callable[[None, slice], None]) -> None:
    """Call ``work`` for slices that cover the points ``x``."""
    rows = CHUNK_ROWS if x.device.type == "cpu" else GPU_CHUNK_ROWS
    in_chunks(len(x), rows, x.device, work, lambda: None)


def monomials(u: Tensor) -> Tensor:
    """The monomials ``EXPONENTS`` (n, 20) of ``u`` (n, 3)."""
    x, y, z = u[:, :1], u[:, 1:2], u[:, 2:]
    square = torch.cat([u * x, u[:, 1:] * y, z * z], dim=1)
    cube = torch.cat([square * x, square[:, 3:] * y, square[:, 5:] * z], dim=1)
    return torch.cat([torch.ones_like(u[:, :1]), u, square, cube], dim=1)


def differentiated(coefficients: Tensor) -> Tensor:
    """Coefficients (t, 3, 10) of the three first derivatives of polynomials (t, 20)."""
    raised, factor = _derivatives(1, _QUADRATIC, coefficients.device)
    return (coefficients.index_select(1, raised) * factor).unflatten(1, (3, _QUADRATIC))


def _laplacian_of(coefficients: Tensor) -> Tensor:
    """Coefficients (t, 4) of the Laplacians of polynomials (t, 20)."""
    raised, factor = _derivatives(2, _LINEAR, coefficients.device)
    return (coefficients.index_select(1, raised) * factor).unflatten(1, (3, _LINEAR)).sum(dim=1)


@cache
def _derivatives(order: int, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Of which monomials the first ``count`` come by ``order`` derivatives along each axis, axis by axis; and
    the factors: (3 * count,) each."""
    raised = [_raised(e, axis, order) for axis in range(3) for e in EXPONENTS[:count]]
    powers = [EXPONENTS[r][i // count] for i, r in enumerate(raised)]
    factors = [math.perm(power, order) for power in powers]
    return torch.tensor(raised, device=device), torch.tensor(factors, device=device)


def _raised(exponent: tuple[int, int, int], axis: int, by: int) -> int:
    """Which monomial is ``exponent`` times the ``by``-th power of the coordinate ``axis``."""
    changed = list(exponent)
    changed[axis] += by
    return EXPONENTS.index((changed[0], changed[1], changed[2]))


def _products_of_others(w: Tensor) -> Tensor:
    """For each of three columns the product of the other two."""
    return torch.stack([w[:, 1] * w[:, 2], w[:, 0] * w[:, 2], w[:, 0] * w[:, 1]], dim=1)
