"""Which points are in which tile's box. Boxes overlap: a point is in 3.4 of them on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from sdf_siren.fields.threads import in_chunks
from sdf_siren.fields.tiles import OVERLAP

FEWEST_POINTS = 3
"""A tile with fewer points is left out; with so many, the ridge keeps it from guessing."""

MOST_POINTS = 400
"""A random subset of so many points stands for more; they would not change the cubic."""

CHUNK_POINTS, GPU_CHUNK_POINTS = 2**15, 2**22
"""Whose tiles are looked for at once."""

PADDING = 1.25
"""Tiles of one batch have at most so many times as many members as the emptiest of it."""


@dataclass(frozen=True)
class Membership:
    """Points in the boxes of tiles, in order of how many there are.

    Attributes:
        side: of a tile, cube lengths.
        places: (t, 3) int64, as :class:`~sdf_siren.fields.tiles.CubicTiles` has them.
        first, count: (t,) the slice of ``rows`` that belongs to a tile.
        rows: (m,) int64 numbers of points.
    """

    side: float
    places: Tensor
    first: Tensor
    count: Tensor
    rows: Tensor

    @classmethod
    def of(cls, points: Tensor, side: float, seen_from: Tensor | None, others: Tensor) -> Membership:
        """The tiles of some points.

        Args:
            points: (n, 3) cube coordinates.
            side: of a tile.
            seen_from: take only the tiles that bear on one of these points (m, 3) too.
            others: (l, 3) more members, with numbers from n on. No tile is made for their sake.
        """
        key, row = memberships(torch.cat([points, others]), side)
        key, order = key.sort(stable=True)
        row = row.index_select(0, order)
        keys, count = torch.unique_consecutive(key, return_counts=True)
        other = torch.searchsorted(keys, key[row >= len(points)])
        own = count - torch.bincount(other, minlength=len(keys))
        places = _place(keys, side)
        kept = (own >= FEWEST_POINTS) & ((places >= 0) & (places < math.ceil(2 / side))).all(dim=1)
        if seen_from is not None:
            kept &= torch.isin(keys, memberships(seen_from, side)[0])
        kept = kept.nonzero()[:, 0]
        kept = kept[count[kept].argsort(stable=True)]
        return cls(side, places[kept], (count.cumsum(0) - count)[kept], count[kept], row)

    def batches(self, rows: int) -> list[tuple[slice, int]]:
        """Slices of tiles of about ``rows`` members in all, padded to the fullest of each; and how many
        members that one has."""
        counts = self.count.clamp_max(MOST_POINTS).tolist()
        found, start = [], 0
        for stop in range(1, len(counts) + 1):
            if (
                stop == len(counts)
                or (stop + 1 - start) * counts[stop] > rows
                or counts[stop] > PADDING * counts[start]
            ):
                found.append((slice(start, stop), counts[stop - 1]))
                start = stop
        return found

    def members(self, part: slice, most: int, padding: int) -> Tensor:
        """Numbers of points (t, most) in some tiles, filled up with ``padding``.

        Where there are more, they are drawn from equal shares of the list, which gives a random subset
        however the scan is ordered.
        """
        count, column = self.count[part, None], torch.arange(most, device=self.rows.device)
        share = (count.double() / MOST_POINTS).clamp_min(1)
        drawn = ((column + _draws(self.rows.device)[:most]) * share).long()
        rows = self.rows[(self.first[part, None] + drawn).clamp_max(len(self.rows) - 1)]
        return torch.where(column < count, rows, padding)


@cache
def _draws(device: torch.device) -> Tensor:
    """Random numbers (MOST_POINTS,) from 0 to below 1, the same on every device."""
    generator = torch.Generator().manual_seed(0)
    return torch.rand(MOST_POINTS, dtype=torch.float64, generator=generator).to(device)


def memberships(points: Tensor, side: float) -> tuple[Tensor, Tensor]:
    """Every pair of a tile (its key) and a point (its row) in the tile's box: (m,) and (m,), int64."""
    stride, one = _stride(side), torch.arange(-1, 2, device=points.device)
    step = ((one[:, None, None] * stride + one[:, None]) * stride + one).flatten()
    at_once = CHUNK_POINTS if points.device.type == "cpu" else GPU_CHUNK_POINTS
    found = {0: (step[:0], step[:0])}

    def work(_: None, part: slice) -> None:
        # A product, because a GPU makes one of a quotient, and points at a rim would change sides.
        position = (points[part] + 1) * (1 / side)
        base = position.floor()
        within = (position - base).T
        # Along each axis: in reach of the tile before, of its own, of the one after.
        own = torch.ones_like(within, dtype=torch.bool)
        x, y, z = torch.stack([within < OVERLAP, own, within > 1 - OVERLAP], dim=1)
        both = (x[:, None] & y).flatten(0, 1)
        offset, row = (both[:, None] & z).flatten(0, 1).nonzero().unbind(1)
        key = _key(base.long(), side).index_select(0, row) + step.index_select(0, offset)
        found[part.start] = key, row + part.start

    in_chunks(len(points), at_once, points.device, work, lambda: None)
    keys, rows = zip(*(found[start] for start in sorted(found)), strict=True)
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
