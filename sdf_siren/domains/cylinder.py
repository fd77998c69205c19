"""Any domain in space over a stretch of time."""

from __future__ import annotations

import math
from functools import cached_property

import torch
from torch import Tensor

from sdf_siren.domains.domain import Boundary, Domain, numbers, vector
from sdf_siren.domains.sobol import points as sobol_points
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet, JetFunction

_VOLUME_SAMPLES = 2**14
_GOLDEN = (math.sqrt(5) - 1) / 2


class Cylinder(Domain):
    """The points of a domain in space at all times from a start to an end, time last.

    Its parts are those of the domain in space, then ``start`` and ``end``; normals on these have time only.

    Attributes:
        base: the domain in space.
        start, end: of time.
    """

    def __init__(self, base: Domain, start: float, end: float) -> None:
        self.start, self.end = numbers([start, end], "a stretch of time")
        if not self.start < self.end:
            raise UsageError(f"a stretch of time needs start < end, found {start:g} and {end:g}")
        self.base = base
        self.dimension = base.dimension + 1
        low, high = base.bounds
        self.bounds = torch.cat([low, vector([self.start])]), torch.cat([high, vector([self.end])])
        self.parts = (*base.parts, "start", "end")

    @cached_property
    def part_measure(self) -> Tensor:  # type: ignore[override]
        """Those of start and end are estimates."""
        low, high = self.base.bounds
        x = low + (high - low) * sobol_points(self.base.dimension, _VOLUME_SAMPLES, 0)
        share = self.base.contains(x).to(torch.float64).mean()
        volume = share * (high - low).prod()
        return torch.cat([self.base.part_measure * (self.end - self.start), volume.repeat(2)])

    def distance(self, x: Tensor) -> Tensor:
        x = self._points(x)
        t = x[:, -1]
        return torch.maximum(self.base.distance(x[:, :-1]), torch.maximum(self.start - t, t - self.end))

    def boundary(self, count: int, seed: int) -> Boundary:
        shares = torch.stack([self.part_measure[:-2].sum(), *self.part_measure[-2:]])
        which = torch.bucketize(
            sobol_points(1, count, seed)[:, 0], (shares.cumsum(0) / shares.sum())[:-1], right=True
        )
        x = torch.empty(count, self.dimension, dtype=torch.float64)
        normal = torch.zeros_like(x)
        part = which + len(self.base.parts) - 1
        mantle = which == 0
        around = self.base.boundary(int(mantle.sum()), seed)
        x[mantle, :-1], normal[mantle, :-1], part[mantle] = around.x, around.normal, around.part
        # Another sequence than that of the places: two of one kind would fall on lines.
        turn = (torch.arange(len(around.x), dtype=torch.float64) * _GOLDEN + _GOLDEN * seed) % 1
        x[mantle, -1] = self.start + (self.end - self.start) * turn
        for cap, moment, outward in ((1, self.start, -1.0), (2, self.end, 1.0)):
            on = which == cap
            x[on, :-1] = self.base.interior(int(on.sum()), seed + cap)
            x[on, -1], normal[on, -1] = moment, outward
        return Boundary(x, normal, part)


def constant_in_time(function: JetFunction) -> JetFunction:
    """A function of space as one of space and time."""

    def evaluate(x: Tensor) -> Jet:
        jet = function(x[:, :-1])
        pad = torch.nn.functional.pad
        return Jet(jet.value, pad(jet.gradient, (0, 1)), pad(jet.hessian, (0, 1, 0, 1)))

    return evaluate
