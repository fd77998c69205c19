"""Disks, balls and their like in more dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from sdf_siren.domains.curves import Circle, Curve
from sdf_siren.domains.domain import Boundary, Domain, numbers, vector
from sdf_siren.domains.sobol import points as sobol_points
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet, JetFunction

_REJECTION_UP_TO = 4
"""In more dimensions too little of the cube is inside the ball."""


@dataclass(frozen=True)
class Ball(Domain):
    """All points nearer to a centre than a radius; its one part is ``circle`` (d = 2) or ``sphere``.

    Attributes:
        centre: d numbers, d at least two.
        radius: positive.
    """

    centre: Sequence[float]
    radius: float

    def __post_init__(self) -> None:
        centre = numbers(self.centre, "a ball's centre")
        (radius,) = numbers([self.radius], "a ball's radius")
        if len(centre) < 2:
            raise UsageError(
                f"a ball needs a centre of 2 or more numbers, found {len(centre)}; an interval is a Box"
            )
        if not radius > 0:
            raise UsageError(f"a ball needs a radius above zero, found {radius:g}")
        object.__setattr__(self, "centre", centre)
        object.__setattr__(self, "radius", radius)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return len(self.centre)

    @cached_property
    def bounds(self) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        centre = vector(self.centre)
        return centre - self.radius, centre + self.radius

    @property
    def bounding_ball(self) -> tuple[Tensor, float]:  # type: ignore[override]
        return vector(self.centre), self.radius

    @property
    def parts(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("circle",) if self.dimension == 2 else ("sphere",)

    @property
    def part_measure(self) -> Tensor:  # type: ignore[override]
        half = self.dimension / 2
        return vector([2 * math.pi**half / math.gamma(half) * self.radius ** (self.dimension - 1)])

    @property
    def curves(self) -> tuple[Curve, ...]:  # type: ignore[override]
        if self.dimension != 2:
            return ()
        x, y = self.centre
        return (Circle((x, y), self.radius),)

    def distance(self, x: Tensor) -> Tensor:
        return (self._points(x) - vector(self.centre)).norm(dim=1) - self.radius

    def interior(self, count: int, seed: int) -> Tensor:
        if self.dimension <= _REJECTION_UP_TO:
            return super().interior(count, seed)
        u = sobol_points(self.dimension + 1, count, seed)
        radius = self.radius * (u[:, :1] * (1 - 1e-12)) ** (1 / self.dimension)
        return vector(self.centre) + radius * _directions(u[:, 1:])

    def boundary(self, count: int, seed: int) -> Boundary:
        d = self.dimension
        if d == 2:
            angle = 2 * math.pi * sobol_points(1, count, seed)
            normal = torch.cat([angle.cos(), angle.sin()], 1)
        elif d == 3:  # Archimedes: the height on a sphere is uniform
            u = sobol_points(2, count, seed)
            height, angle = 2 * u[:, 0] - 1, 2 * math.pi * u[:, 1]
            ring = (1 - height**2).clamp_min(0).sqrt()
            normal = torch.stack([ring * angle.cos(), ring * angle.sin(), height], 1)
        else:
            normal = _directions(sobol_points(d, count, seed))
        normal = normal / normal.norm(dim=1, keepdim=True)
        x = vector(self.centre) + self.radius * normal
        return Boundary(x, normal, torch.zeros(count, dtype=torch.int64))

    def factor(self) -> JetFunction:
        """``1 - r^2 / radius^2``: zero on the boundary, positive inside, 1 at the centre."""

        def evaluate(x: Tensor) -> Jet:
            total = Jet.constant(1.0, self._points(x))
            for coordinate, centre in zip(Jet.coordinates(x), self.centre, strict=True):
                total = total - ((coordinate - centre) / self.radius) ** 2
            return total

        return evaluate


def _directions(u: Tensor) -> Tensor:
    """Uniform numbers (n, d) to uniform unit vectors (n, d), by way of normal deviates."""
    normal = torch.special.ndtri(u.clamp(1e-15, 1 - 1e-15))
    return normal / normal.norm(dim=1, keepdim=True).clamp_min(1e-300)
