"""What a domain is: a signed distance, a boundary in named parts, and points inside and on the boundary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sdf_siren.domains.sobol import points as sobol_points
from sdf_siren.errors import UsageError

if TYPE_CHECKING:
    from sdf_siren.domains.ball import Ball
    from sdf_siren.domains.corners import Corner
    from sdf_siren.domains.curves import Curve

_CHUNK = 2**14
_MOST_CANDIDATES = 2**21
"""After so many candidates in a row outside, a domain counts as empty."""


@dataclass(frozen=True, eq=False)
class Boundary:
    """Points on the boundary of a domain.

    Attributes:
        x: positions (n, d), float64.
        normal: outward unit normals (n, d).
        part: the part that each lies on, an index into ``Domain.parts`` (n,), int64.
    """

    x: Tensor
    normal: Tensor
    part: Tensor


class Domain(ABC):
    """A bounded region of d dimensions.

    Attributes:
        dimension: d.
        bounds: the lowest and the highest corner of an axis-aligned box around it, (d,) each.
        parts: the names of the parts of its boundary.
        part_measure: the length (d = 2) or area (d = 3) of each part that is on the boundary, (parts,).
        corners: where its boundary turns, in two dimensions.
        holes: the balls that were cut out.
    """

    dimension: int
    bounds: tuple[Tensor, Tensor]
    parts: tuple[str, ...]
    part_measure: Tensor
    corners: tuple[Corner, ...] = ()
    holes: tuple[Ball, ...] = ()
    curves: tuple[Curve, ...] = ()
    """In two dimensions, the curve of every part, before anything of it was cut away."""

    @abstractmethod
    def distance(self, x: Tensor) -> Tensor:
        """Signed distances (n,) at ``x`` (n, d): negative inside, positive outside, float64.

        Of combinations, the sign and the zeros are exact and the size is a lower bound of the distance.
        """

    @abstractmethod
    def boundary(self, count: int, seed: int) -> Boundary:
        """``count`` points on the boundary, uniform by measure and of low discrepancy.

        The same seed gives the same points, and the points of a smaller count come first in a larger one.
        """

    @cached_property
    def bounding_ball(self) -> tuple[Tensor, float]:
        """The centre (d,) and the radius of a ball that holds the domain; not always the smallest."""
        low, high = self.bounds
        return (low + high) / 2, float((high - low).norm()) / 2

    @property
    def reentrant_corners(self) -> tuple[Corner, ...]:
        """The corners where the inside takes more than half a turn."""
        return tuple(corner for corner in self.corners if corner.is_reentrant)

    @property
    def diameter(self) -> float:
        """A length that no two points of the domain exceed; exact for boxes, balls and polygons."""
        low, high = self.bounds
        return min(2 * self.bounding_ball[1], float((high - low).norm()))

    def contains(self, x: Tensor) -> Tensor:
        """Whether the points ``x`` (n, d) are inside, the boundary not included; (n,) bool."""
        return self.distance(x) < 0

    def interior(self, count: int, seed: int) -> Tensor:
        """``count`` points inside, (count, d) float64: scrambled Sobol points, less those outside.

        The same seed gives the same points, and the points of a smaller count come first in a larger one.

        Raises:
            UsageError: nothing is found inside.
        """
        low, high = self.bounds
        found, have, start, since = [torch.zeros(0, self.dimension, dtype=torch.float64)], 0, 0, 0
        while have < count:
            x = low + (high - low) * sobol_points(self.dimension, _CHUNK, seed, start)
            start += _CHUNK
            inside = x[self.contains(x)]
            found.append(inside)
            have += len(inside)
            since = 0 if len(inside) else since + _CHUNK
            if since >= _MOST_CANDIDATES:
                raise UsageError(
                    f"the domain is empty, or too small in its bounds {_shown(low)} to {_shown(high)}: "
                    f"none of {since} points was inside; change its operands"
                )
        return torch.cat(found)[:count]

    def part(self, name: str) -> int:
        """The index of a part of the boundary by its name.

        Raises:
            UsageError: there is no such part.
        """
        if name not in self.parts:
            raise UsageError(f"the domain has no side {name!r}; expected one of {', '.join(self.parts)}")
        return self.parts.index(name)

    def _points(self, x: Tensor) -> Tensor:
        """Points in float64, after checking their shape."""
        if x.ndim != 2 or x.shape[1] != self.dimension:
            raise UsageError(f"expected points of shape (n, {self.dimension}), found {tuple(x.shape)}")
        return x.to(torch.float64)


def numbers(values: Sequence[float], what: str) -> tuple[float, ...]:
    """A point given by the user as finite floats.

    Raises:
        UsageError: it is something else.
    """
    try:
        found = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise UsageError(f"expected numbers for {what}, found {values!r}") from None
    if not all(abs(value) < 1e150 for value in found):
        raise UsageError(f"expected finite numbers for {what}, found {list(found)}")
    return found


def vector(values: Sequence[float]) -> Tensor:
    """Numbers as a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


def _shown(x: Tensor) -> str:
    return "(" + ", ".join(f"{value:.6g}" for value in x.tolist()) + ")"
