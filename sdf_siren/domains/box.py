"""Axis-aligned boxes of any dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from scipy.special import roots_legendre
from torch import Tensor

from sdf_siren.domains.corners import Corner, find_corners
from sdf_siren.domains.curves import Curve, Segment
from sdf_siren.domains.domain import Boundary, Domain, numbers, vector
from sdf_siren.domains.sobol import points as sobol_points
from sdf_siren.domains.sobol import spread
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet, JetFunction

_SIDES = ("left", "right", "bottom", "top", "back", "front")
_MOST_NODES = 10**7


@dataclass(frozen=True)
class Box(Domain):
    """The box between two corners.

    Its parts are ``left`` and ``right`` (the ends of x), ``bottom`` and ``top`` (of y), ``back`` and
    ``front`` (of z), then ``x4_low``, ``x4_high`` and so on.

    Attributes:
        low, high: the corners, d numbers each.
    """

    low: Sequence[float]
    high: Sequence[float]

    def __post_init__(self) -> None:
        low, high = numbers(self.low, "a box's low corner"), numbers(self.high, "a box's high corner")
        if len(low) != len(high) or not low:
            raise UsageError(
                f"a box needs two corners of the same dimension, found {len(low)} and {len(high)} numbers"
            )
        for axis, (a, b) in enumerate(zip(low, high, strict=True)):
            if not a < b:
                raise UsageError(
                    f"a box needs low < high along every axis, found {a:g} and {b:g} along axis {axis + 1}"
                )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return len(self.low)

    @cached_property
    def bounds(self) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return vector(self.low), vector(self.high)

    @cached_property
    def parts(self) -> tuple[str, ...]:  # type: ignore[override]
        more = (f"x{k}_{end}" for k in range(4, self.dimension + 1) for end in ("low", "high"))
        return (*_SIDES[: 2 * self.dimension], *more)

    @cached_property
    def part_measure(self) -> Tensor:  # type: ignore[override]
        size = self.bounds[1] - self.bounds[0]
        across = [torch.cat([size[:k], size[k + 1 :]]).prod() for k in range(self.dimension)]
        return torch.stack(across).repeat_interleave(2)

    @cached_property
    def curves(self) -> tuple[Curve, ...]:  # type: ignore[override]
        if self.dimension != 2:
            return ()
        (x0, y0), (x1, y1) = self.low, self.high
        a, b, c, d = (x0, y0), (x1, y0), (x1, y1), (x0, y1)
        return Segment(d, a), Segment(b, c), Segment(a, b), Segment(c, d)  # each with the inside on its left

    @cached_property
    def corners(self) -> tuple[Corner, ...]:  # type: ignore[override]
        return find_corners(self.curves, self.contains, self.diameter) if self.curves else ()

    def distance(self, x: Tensor) -> Tensor:
        x = self._points(x)
        low, high = self.bounds
        beyond = torch.maximum(low - x, x - high)
        return beyond.clamp_min(0).norm(dim=1) + beyond.amax(1).clamp_max(0)

    def boundary(self, count: int, seed: int) -> Boundary:
        low, high = self.bounds
        d = self.dimension
        # In two dimensions one number runs along all sides: better spread than a plane of Sobol points.
        u = sobol_points(1 if d <= 2 else d, count, seed)
        part, rest = spread(u[:, 0], self.part_measure)
        axis, upper = part // 2, part % 2
        within = rest[:, None] if d <= 2 else u[:, 1:]
        x = torch.empty(count, d, dtype=torch.float64)
        for k in range(d):
            on = axis == k
            others = [j for j in range(d) if j != k]
            x[on, k] = torch.where(upper[on] == 1, high[k], low[k])
            for column, j in enumerate(others):
                x[on, j] = torch.lerp(low[j], high[j], within[on, column])
        normal = torch.zeros(count, d, dtype=torch.float64)
        normal[torch.arange(count), axis] = 2 * upper.to(torch.float64) - 1
        return Boundary(x, normal, part)

    def factor(self, sides: Sequence[str] | None = None) -> JetFunction:
        """A function that is zero on the named sides (all of them if None), positive inside, at most 1.

        The product of the distances to the sides, along every axis scaled to a maximum of 1.

        Raises:
            UsageError: there is no such side.
        """
        chosen = {self.part(name) for name in (self.parts if sides is None else sides)}

        def evaluate(x: Tensor) -> Jet:
            product = Jet.constant(1.0, self._points(x))
            for k, coordinate in enumerate(Jet.coordinates(x)):
                low, high = self.low[k], self.high[k]
                size = high - low
                if 2 * k in chosen:
                    product = product * ((coordinate - low) / size)
                if 2 * k + 1 in chosen:
                    product = product * ((high - coordinate) / size)
                if {2 * k, 2 * k + 1} <= chosen:
                    product = product * 4
            return product

        return evaluate

    def grid(self, counts: int | Sequence[int]) -> tuple[Tensor, Tensor]:
        """Gauss-Legendre points (n, d) and weights (n,): exact for degrees up to 2 * count - 1 along an axis.

        Args:
            counts: how many points along every axis, or along each.

        Raises:
            UsageError: a count is below one, or there are too many points.
        """
        each = [counts] * self.dimension if isinstance(counts, int) else list(counts)
        if len(each) != self.dimension or min(each) < 1 or math.prod(each) > _MOST_NODES:
            raise UsageError(
                f"a grid needs {self.dimension} counts of at least 1 and at most {_MOST_NODES} points, "
                f"found {each}"
            )
        nodes, weights = [], []
        for count, low, high in zip(each, self.low, self.high, strict=True):
            node, weight = roots_legendre(count)
            nodes.append(torch.from_numpy(low + (high - low) * (node + 1) / 2))
            weights.append(torch.from_numpy(weight * (high - low) / 2))
        x = torch.stack(torch.meshgrid(*nodes, indexing="ij"), -1).reshape(-1, self.dimension)
        products = torch.stack(torch.meshgrid(*weights, indexing="ij"), -1).prod(-1).reshape(-1)
        return x, products
