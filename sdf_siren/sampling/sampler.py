"""What a training step sees: a batch of point groups drawn from pools that were made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.sampling.density import drawn


class Sampler(Protocol):
    """Draws the batch of a step."""

    def draw(self, generator: torch.Generator, step: int = 0) -> dict[str, PointGroup]:
        """Point groups by name; all randomness comes from ``generator``, whatever the step."""
        ...


@dataclass(frozen=True)
class PoolSampler:
    """Draws rows with replacement from pools that lie on the device of the fit.

    Attributes:
        pools: every point of each group.
        counts: rows per step for each group.
        shares: of groups whose points are not drawn alike, the cumulative shares (n,).
    """

    pools: Mapping[str, PointGroup]
    counts: Mapping[str, int]
    shares: Mapping[str, Tensor] = field(default_factory=dict)

    def draw(self, generator: torch.Generator, step: int = 0) -> dict[str, PointGroup]:
        """Rows of every pool, with replacement."""
        batch = {}
        for name, count in self.counts.items():
            pool = self.pools[name]
            if name in self.shares:
                rows = drawn(self.shares[name], count, generator)
            else:
                rows = torch.randint(len(pool), (count,), generator=generator, device=pool.x.device)
            batch[name] = pool.rows(rows)
        return batch


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
