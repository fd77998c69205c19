"""Exact signed distance functions: the answers that everything else is tested on.

Values are negative inside; gradients have length one wherever they exist, and are zero where they do
not (the centre of a sphere, the axis of a torus).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_TINY = 1e-30


@dataclass(frozen=True)
class Sphere:
    """A sphere about the origin: ``f = |x| - radius``."""

    radius: float = 0.5

    def value(self, x: Tensor) -> Tensor:
        """Signed distances (n, 1) at ``x`` (n, 3)."""
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Signed distances (n, 1) and unit gradients (n, 3)."""
        length = x.norm(dim=1, keepdim=True)
        return length - self.radius, x / length.clamp_min(_TINY)


@dataclass(frozen=True)
class Torus:
    """A torus about the z axis: ``f = |(|(x, y)| - major, z)| - minor``."""

    major: float = 0.5
    minor: float = 0.2

    def value(self, x: Tensor) -> Tensor:
        """Signed distances (n, 1) at ``x`` (n, 3)."""
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Signed distances (n, 1) and unit gradients (n, 3)."""
        ring = x[:, :2].norm(dim=1, keepdim=True)
        across, z = ring - self.major, x[:, 2:]
        tube = torch.hypot(across, z)
        across, z = across / tube.clamp_min(_TINY), z / tube.clamp_min(_TINY)
        return tube - self.minor, torch.cat([x[:, :2] / ring.clamp_min(_TINY) * across, z], dim=1)


@dataclass(frozen=True)
class Plane:
    """A plane with a unit normal: ``f = normal . x - offset``."""

    normal: tuple[float, float, float] = (0.0, 0.0, 1.0)
    offset: float = 0.0

    def value(self, x: Tensor) -> Tensor:
        """Signed distances (n, 1) at ``x`` (n, 3)."""
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Signed distances (n, 1) and unit gradients (n, 3)."""
        normal = x.new_tensor(self.normal)
        return (x @ normal)[:, None] - self.offset, normal.expand(len(x), 3)


@dataclass(frozen=True)
class Box:
    """An axis-aligned box about the origin with the given half sides; the exact distance."""

    half: tuple[float, float, float] = (0.5, 0.4, 0.3)

    def value(self, x: Tensor) -> Tensor:
        """Signed distances (n, 1) at ``x`` (n, 3)."""
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Signed distances (n, 1) and unit gradients (n, 3)."""
        beyond = x.abs() - x.new_tensor(self.half)
        outside = beyond.clamp_min(0)
        distance = outside.norm(dim=1, keepdim=True)
        deepest, axis = beyond.max(dim=1, keepdim=True)
        value = distance + deepest.clamp_max(0)
        nearest_face = torch.zeros_like(x).scatter_(1, axis, 1.0)
        direction = torch.where(distance > 0, outside / distance.clamp_min(_TINY), nearest_face)
        return value, direction * torch.where(x < 0, -1.0, 1.0)
