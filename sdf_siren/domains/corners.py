"""Corners: where a solution may lose its second derivatives, however smooth the data."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren import jets
from sdf_siren.domains.curves import Curve, Position, meetings
from sdf_siren.jets import Jet

STRAIGHT = 1e-6
"""By how much the opening must differ from pi to count as a corner's."""


@dataclass(frozen=True)
class Corner:
    """A corner of the boundary.

    Attributes:
        position: where it is.
        start: the angle of the side from which the inside is reached counter-clockwise, in (-pi, pi].
        opening: the angle that the inside takes, in (0, 2 pi]; above pi the corner is re-entrant.
    """

    position: Position
    start: float
    opening: float

    @property
    def is_reentrant(self) -> bool:
        """Whether the inside takes more than half a turn."""
        return self.opening > math.pi

    def polar(self, x: Tensor) -> tuple[Jet, Jet]:
        """The distance from the corner and the angle from ``start``, as jets at ``x`` (n, 2).

        The angle is 0 and ``opening`` on the two sides, and jumps outside, half way between them.
        """
        a, b = Jet.coordinates(x)
        a, b = a - self.position[0], b - self.position[1]
        middle = self.start + self.opening / 2
        c, s = math.cos(middle), math.sin(middle)
        u, v = a * c + b * s, b * c - a * s
        return jets.hypot(u, v), jets.atan2(v, u) + self.opening / 2


def find_corners(
    curves: Sequence[Curve], contains: Callable[[Tensor], Tensor], size: float
) -> tuple[Corner, ...]:
    """The corners of a region that these curves bound.

    Around every place where curves meet, the directions of the curves divide the full turn into sectors; each
    is inside or not as a point in it, close by, is.

    Args:
        curves: what bounds the region, and perhaps more.
        contains: whether points (n, 2) are inside.
        size: the size of the region, to tell what close by is.
    """
    found: list[Corner] = []
    for z in meetings(curves):
        if any(abs(z - complex(*corner.position)) < 1e-9 * size for corner in found):
            continue
        sector = _sector(_directions(z, curves), z, contains, 1e-6 * size)
        if sector is not None and abs(sector[1] - math.pi) > STRAIGHT:
            found.append(Corner((z.real, z.imag), *sector))
    return tuple(found)


def _directions(z: complex, curves: Sequence[Curve]) -> list[float]:
    """The angles at which curves leave a place, in order, each once."""
    angles = []
    for curve in curves:
        t = curve.place(z)
        if t is None:
            continue
        direction = curve.at(t)[1]
        if t < 1 - 1e-9 or not curve.ends:
            angles.append(cmath.phase(direction))
        if t > 1e-9 or not curve.ends:
            angles.append(cmath.phase(-direction))
    distinct: list[float] = []
    for angle in sorted(angles):
        if not distinct or angle - distinct[-1] > 1e-7:
            distinct.append(angle)
    if len(distinct) > 1 and distinct[0] + 2 * math.pi - distinct[-1] < 1e-7:
        distinct.pop()
    return distinct


def _sector(
    angles: list[float], z: complex, contains: Callable[[Tensor], Tensor], radius: float
) -> tuple[float, float] | None:
    """Where the inside begins and how much it takes, if it is in one piece around the place."""
    if not angles:
        return None
    widths = [b - a for a, b in zip(angles, [*angles[1:], angles[0] + 2 * math.pi], strict=True)]
    probes = [z + cmath.rect(radius, a + w / 2) for a, w in zip(angles, widths, strict=True)]
    inside = contains(torch.tensor([[p.real, p.imag] for p in probes], dtype=torch.float64)).tolist()
    begins = [k for k, held in enumerate(inside) if held and not inside[k - 1]]
    if len(begins) != 1:
        return None
    opening, k = 0.0, begins[0]
    while inside[k % len(angles)]:
        opening += widths[k % len(angles)]
        k += 1
    return angles[begins[0]], opening
