"""What a training step sees: a batch of point groups drawn from pools that were made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.sampling.density import rows_at

AHEAD = 32
"""Steps that are drawn together: it takes as many calls as one step."""

GOLDEN = (5**0.5 - 1) / 2
"""Its multiples, modulo 1, are spread more evenly than those of any other number, however many there are."""


class Sampler(Protocol):
    """Draws the batch of a step."""

    def draw(self, generator: torch.Generator, step: int = 0) -> dict[str, PointGroup]:
        """Point groups by name; all randomness comes from ``generator``, or from a seed and ``step``."""
        ...


class PoolSampler:
    """Draws rows of pools on the device of the fit, evenly over each: in a step and through the steps.

    A pool is cut into as many parts of equal share as a step takes rows of it, and a step takes one row of
    each part: so it sees all of the pool, if rows beside each other are near each other. Through the steps
    the place within a part moves on by the golden ratio of its length, from a random start (Cranley and
    Patterson 1976), so that every row has its turns. Batches vary less than independent draws would.

    Args:
        pools: every point of each group, neighbours beside each other; see :func:`order_by_place`.
        counts: rows per step for each group.
        shares: of groups whose points are not drawn alike, the cumulative shares (n,), float64.
        seed: of the random starts.
    """

    def __init__(
        self,
        pools: Mapping[str, PointGroup],
        counts: Mapping[str, int],
        shares: Mapping[str, Tensor] | None = None,
        seed: int = 0,
    ) -> None:
        self._pools, self._shares = pools, shares or {}
        generator = torch.Generator().manual_seed(seed)
        self._starts: dict[str, Tensor] = {}
        self._parts: dict[str, Tensor] = {}
        for name, count in counts.items():
            place = pools[name].x.device
            self._starts[name] = torch.rand(count, generator=generator, dtype=torch.float64).to(place)
            self._parts[name] = torch.arange(count, dtype=torch.float64).to(place)
        self._first = -1  # of the steps that are drawn
        self._drawn: list[dict[str, PointGroup]] = []

    def draw(self, generator: torch.Generator, step: int = 0) -> dict[str, PointGroup]:
        """Rows of every pool; they follow from the seed and ``step``, and ``generator`` is left alone."""
        first = step - step % AHEAD
        if first != self._first:
            self._first = first
            steps = range(first, first + AHEAD)
            drawn = [
                self._pools[name].rows(self._rows_of(name, steps)).split([len(start)] * AHEAD)
                for name, start in self._starts.items()
            ]
            self._drawn = [
                dict(zip(self._starts, groups, strict=True)) for groups in zip(*drawn, strict=True)
            ]
        return self._drawn[step - first]

    def _rows_of(self, name: str, steps: range) -> Tensor:
        """Of the pool of that name, (steps * count,)."""
        pool, start = self._pools[name], self._starts[name]
        number = torch.arange(steps.start, steps.stop, dtype=start.dtype, device=start.device)
        place = (self._parts[name] + (start + number[:, None] * GOLDEN) % 1) / len(start)
        if name in self._shares:
            return rows_at(self._shares[name], place.flatten())
        return (place.flatten() * len(pool)).long().clamp_(max=len(pool) - 1)  # a place may be rounded to 1


def order_by_place(tree: cKDTree) -> Tensor:
    """An order (n,) of the points of a tree in which neighbours are beside each other: that of its leaves."""
    return torch.from_numpy(tree.tree.indices.copy())


@dataclass(frozen=True)
class UniformVolumeSampler:
    """The SIREN reference code's batch: scan points and as many points uniform in the cube [-1, 1]^3.

    Attributes:
        surface: the scan.
        surface_count: points per step of the group ``surface``.
        volume_count: points per step of the group ``volume``.
    """

    surface: PointGroup
    surface_count: int
    volume_count: int

    def draw(self, generator: torch.Generator, step: int = 0) -> dict[str, PointGroup]:
        """Scan points with replacement, and new points of the cube."""
        device = self.surface.x.device
        rows = torch.randint(len(self.surface), (self.surface_count,), generator=generator, device=device)
        x = torch.rand(self.volume_count, 3, generator=generator, device=device) * 2 - 1
        return {"surface": self.surface.rows(rows), "volume": PointGroup(x)}
