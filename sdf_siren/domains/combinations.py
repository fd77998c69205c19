"""Unions, intersections and differences of domains.

A point of an operand's boundary is on the boundary of the combination if just one side of it is inside the
combination, seen a tiny step before and behind it. That covers operands that touch or share a side, where
comparing distances would not; of a side that two operands share, the first one's part keeps it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from sdf_siren.domains.ball import Ball
from sdf_siren.domains.corners import Corner, find_corners
from sdf_siren.domains.curves import Curve, meetings
from sdf_siren.domains.domain import Boundary, Domain
from sdf_siren.errors import UsageError

_STEP = 1e-9
_SAMPLES = 2**15
_MOST_SAMPLES = 2**22


class _Combination(Domain):
    """What the three have in common.

    Attributes:
        operands: the domains that are combined.
        names: their names, or None where no prefix was asked for.
    """

    def __init__(
        self, operands: Sequence[Domain], names: Sequence[str | None] | None, stems: Sequence[str]
    ) -> None:
        kind = type(self).__name__.lower()
        if not operands:
            raise UsageError(f"a {kind} needs at least one domain, found none")
        dimensions = sorted({operand.dimension for operand in operands})
        if len(dimensions) > 1:
            raise UsageError(f"a {kind} needs domains of one dimension, found {dimensions}")
        self.operands = tuple(operands)
        self.dimension = dimensions[0]
        self.names = _checked_names(names, len(operands))
        self.parts = _part_names(self.operands, self.names, stems)
        self.bounds = self._bounds()
        if not (self.bounds[0] < self.bounds[1]).all():
            raise UsageError(f"the {kind} is empty: its operands do not overlap; change one of them")
        self.interior(1, seed=0)

    def _bounds(self) -> tuple[Tensor, Tensor]:
        """The box around the first operand; the others only take away."""
        return self.operands[0].bounds

    @abstractmethod
    def _combine(self, distances: Tensor) -> Tensor:
        """From the operands' distances (operands, n) to the combination's (n,)."""

    def distance(self, x: Tensor) -> Tensor:
        x = self._points(x)
        return self._combine(torch.stack([operand.distance(x) for operand in self.operands]))

    @cached_property
    def bounding_ball(self) -> tuple[Tensor, float]:  # type: ignore[override]
        own = super().bounding_ball
        return min([own, *self._around()], key=lambda ball: ball[1])

    def _around(self) -> list[tuple[Tensor, float]]:
        """Balls that hold all of the combination."""
        return [self.operands[0].bounding_ball]

    @cached_property
    def holes(self) -> tuple[Ball, ...]:  # type: ignore[override]
        return self.operands[0].holes

    @cached_property
    def curves(self) -> tuple[Curve, ...]:  # type: ignore[override]
        return tuple(curve for operand in self.operands for curve in operand.curves)

    @cached_property
    def corners(self) -> tuple[Corner, ...]:  # type: ignore[override]
        return find_corners(self.curves, self.contains, self.diameter)

    @property
    def _step(self) -> float:
        """The step that tells the sides of a boundary apart; above the rounding of coordinates far away."""
        return _STEP * max(self.diameter, *(float(bound.abs().max()) for bound in self.bounds))

    def _kept(self, x: Tensor, normal: Tensor, operand: int) -> tuple[Tensor, Tensor]:
        """Which points of an operand's boundary are on this one's (n,), and their normals' signs (n,)."""
        step = self._step * normal
        before, behind = self.contains(x - step), self.contains(x + step)
        kept = before != behind
        for earlier in self.operands[:operand]:
            kept &= earlier.distance(x).abs() > self._step / 2
        return kept, torch.where(before, 1.0, -1.0).to(torch.float64)

    @cached_property
    def part_measure(self) -> Tensor:  # type: ignore[override]
        if self.dimension == 2:
            return self._lengths()
        measures = []
        for index, operand in enumerate(self.operands):
            points = operand.boundary(_SAMPLES, seed=0)
            kept, _ = self._kept(points.x, points.normal, index)
            parts = len(operand.parts)
            drawn = torch.bincount(points.part, minlength=parts).clamp_min(1)
            measures.append(operand.part_measure * points.part[kept].bincount(minlength=parts) / drawn)
        return torch.cat(measures)

    def _lengths(self) -> Tensor:
        """The length of every part in the plane, exact: whole pieces of curves between crossings are kept."""
        meeting = meetings(self.curves)
        owner = [k for k, operand in enumerate(self.operands) for _ in operand.curves]
        lengths = []
        for curve, operand in zip(self.curves, owner, strict=True):
            places = sorted({0.0, 1.0, *(t for z in meeting if (t := curve.place(z)) is not None)})
            pieces = [(a, b) for a, b in pairwise(places) if b - a > 1e-9]
            middles = [curve.at((a + b) / 2) for a, b in pieces]
            x = torch.tensor([[z.real, z.imag] for z, _ in middles], dtype=torch.float64)
            right = torch.tensor([[u.imag, -u.real] for _, u in middles], dtype=torch.float64)
            kept = self._kept(x, right, operand)[0].tolist()
            lengths.append(curve.length * sum(b - a for (a, b), k in zip(pieces, kept, strict=True) if k))
        return torch.tensor(lengths, dtype=torch.float64)

    def boundary(self, count: int, seed: int) -> Boundary:
        """See :meth:`Domain.boundary`: points of the operands at one density, less those that were cut away.

        Raises:
            UsageError: too little of the operands' boundaries is left to be found.
        """
        whole = [float(operand.part_measure.sum()) for operand in self.operands]
        density = 1.25 * count / max(float(self.part_measure.sum()), 1e-9 * sum(whole))
        while True:
            candidates = self._candidates(density, whole, seed)
            if len(candidates.x) >= count:
                return Boundary(*(a[:count] for a in (candidates.x, candidates.normal, candidates.part)))
            if density * sum(whole) > _MOST_SAMPLES + 1000 * count:
                raise UsageError(
                    "too little is left of the boundaries of a combination's operands to find points on it; "
                    "make its smallest parts larger"
                )
            density *= 2

    def _candidates(self, density: float, whole: Sequence[float], seed: int) -> Boundary:
        """All points at a density; ordered so that a higher density only adds points at the end."""
        found, first = [], 0
        for index, operand in enumerate(self.operands):
            drawn = int(density * whole[index]) + 1
            points = operand.boundary(drawn, seed * len(self.operands) + index)
            kept, sign = self._kept(points.x, points.normal, index)
            turn = (torch.arange(drawn, dtype=torch.float64) + 0.5) / whole[index]
            kept &= turn < density
            found.append((turn, points.x, sign[:, None] * points.normal, points.part + first, kept))
            first += len(operand.parts)
        turn, x, normal, part, kept = (torch.cat(column) for column in zip(*found, strict=True))
        order = torch.argsort(turn[kept], stable=True)
        return Boundary(x[kept][order], normal[kept][order], part[kept][order])


class Union(_Combination):
    """All points in any of the operands.

    Args:
        operands: domains of one dimension.
        names: a name for every operand, put before its parts as in ``stem.left``; None for no prefix. Without
            names, parts that several operands have are told apart by ``shape_1.``, ``shape_2.``
    """

    def __init__(self, *operands: Domain, names: Sequence[str | None] | None = None) -> None:
        super().__init__(operands, names, [f"shape_{k + 1}" for k in range(len(operands))])

    def _bounds(self) -> tuple[Tensor, Tensor]:
        lows, highs = zip(*(operand.bounds for operand in self.operands), strict=True)
        return torch.stack(lows).amin(0), torch.stack(highs).amax(0)

    def _around(self) -> list[tuple[Tensor, float]]:
        centre = (self.bounds[0] + self.bounds[1]) / 2
        balls = [operand.bounding_ball for operand in self.operands]
        return [(centre, max(float((c - centre).norm()) + radius for c, radius in balls))]

    @property
    def holes(self) -> tuple[Ball, ...]:  # type: ignore[override]
        return ()  # another operand may fill them

    def _combine(self, distances: Tensor) -> Tensor:
        return distances.amin(0)


class Intersection(_Combination):
    """All points in every operand; arguments as of :class:`Union`."""

    def __init__(self, *operands: Domain, names: Sequence[str | None] | None = None) -> None:
        super().__init__(operands, names, [f"shape_{k + 1}" for k in range(len(operands))])

    def _bounds(self) -> tuple[Tensor, Tensor]:
        lows, highs = zip(*(operand.bounds for operand in self.operands), strict=True)
        return torch.stack(lows).amax(0), torch.stack(highs).amin(0)

    def _around(self) -> list[tuple[Tensor, float]]:
        return [operand.bounding_ball for operand in self.operands]

    @property
    def holes(self) -> tuple[Ball, ...]:  # type: ignore[override]
        return tuple(hole for operand in self.operands for hole in operand.holes)

    def _combine(self, distances: Tensor) -> Tensor:
        return distances.amax(0)


class Difference(_Combination):
    """All points of a domain that are in none of the others.

    Args:
        base: what is cut from.
        removed: what is cut away; the balls among them are its ``holes``.
        names: a name for every operand, the base first; see :class:`Union`. Without names, parts that several
            operands have are told apart by ``outer.``, ``hole_1.``, ``hole_2.``
    """

    def __init__(self, base: Domain, *removed: Domain, names: Sequence[str | None] | None = None) -> None:
        stems = ["outer", *(f"hole_{k + 1}" for k in range(len(removed)))]
        super().__init__([base, *removed], names, stems)

    @property
    def holes(self) -> tuple[Ball, ...]:  # type: ignore[override]
        balls = (operand for operand in self.operands[1:] if isinstance(operand, Ball))
        return (*self.operands[0].holes, *balls)

    def _combine(self, distances: Tensor) -> Tensor:
        return torch.cat([distances[:1], -distances[1:]]).amax(0)


def _checked_names(names: Sequence[str | None] | None, count: int) -> tuple[str | None, ...]:
    if names is None:
        return (None,) * count
    if isinstance(names, str) or len(names) != count:
        raise UsageError(f"expected a name or None for each of {count} domains, found {names!r}")
    for name in names:
        if name is not None and not name.isidentifier():
            raise UsageError(f"expected names of letters, digits and _ for domains, found {name!r}")
    return tuple(names)


def _part_names(
    operands: Sequence[Domain], names: Sequence[str | None], stems: Sequence[str]
) -> tuple[str, ...]:
    """The parts of all operands, with prefixes where asked for or needed."""
    every = [part for operand in operands for part in operand.parts]
    found = []
    for operand, name, stem in zip(operands, names, stems, strict=True):
        for part in operand.parts:
            prefix = stem if name is None and every.count(part) > 1 else name
            found.append(part if prefix is None else f"{prefix}.{part}")
    if len(set(found)) < len(found):
        twice = next(part for part in found if found.count(part) > 1)
        raise UsageError(
            f"expected distinct names for the sides of domains, found {twice!r} twice; rename one"
        )
    return tuple(found)
