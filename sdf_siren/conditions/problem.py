"""A boundary-value problem: an equation in a domain, and what holds on each part of the boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from sdf_siren.conditions.operators import AbsorbingLayer, Operator
from sdf_siren.conditions.rows import Rows
from sdf_siren.domains import Boundary, Domain
from sdf_siren.errors import UsageError
from sdf_siren.jets import JetFunction

Kind = Literal["dirichlet", "neumann", "robin", "rate", "periodic"]

_PROBES = 256
"""Points inside and on the boundary at which it is seen whether anything is asked of values."""

Source = Callable[[Tensor], Tensor]
"""From points (n, d) to right-hand sides (n,)."""


@dataclass(frozen=True)
class BoundaryCondition:
    """What holds on some parts of the boundary.

    Attributes:
        kind: ``dirichlet`` u = value, ``neumann`` du/dn = value, ``robin`` du/dn + coefficient u = value,
        ``rate``
            du/dt = value (with ``dirichlet`` the initial conditions of a wave), ``periodic`` with the
            opposite side.
        parts: names of parts of the boundary.
        value: the data; None for zero.
        coefficient: of a Robin condition.
    """

    kind: Kind
    parts: tuple[str, ...]
    value: JetFunction | None = None
    coefficient: JetFunction | None = None

    def rows(self, boundary: Boundary) -> Rows:
        """The condition at points of its parts."""
        x, ones = boundary.x, torch.ones(len(boundary.x), dtype=torch.float64)
        target = torch.zeros_like(ones) if self.value is None else self.value(x).value
        match self.kind:
            case "dirichlet":
                return Rows(x, target, alpha=ones)
            case "neumann":
                return Rows(x, target, beta=boundary.normal)
            case "robin":
                assert self.coefficient is not None
                return Rows(x, target, alpha=self.coefficient(x).value, beta=boundary.normal)
            case "rate":
                beta = torch.zeros_like(x)
                beta[:, -1] = 1.0
                return Rows(x, target, beta=beta)
            case "periodic":
                raise ValueError("periodic sides have no rows: the frequencies of the network repeat there")


@dataclass(frozen=True)
class Problem:
    """An equation ``operator(u) = source`` in a domain with conditions on its boundary.

    Attributes:
        domain: where; for waves space and time together, time last.
        operator: the left-hand side.
        source: the right-hand side; None for zero.
        conditions: on the boundary.
        exact: the solution where it is known, only ever used to measure the error.
        title: one line for people.
        layer: the absorbing layer, if there is one.
        singular: parts of the solution that are known, are no sines and enter with fixed amplitude one: the
        near field
            of a point source. With it, ``source`` is what remains to be solved for.
        columns: functions that may enter with any amplitude: corner functions, multipoles.
        notes: sentences for people about the data.
    """

    domain: Domain
    operator: Operator
    source: Source | None = None
    conditions: tuple[BoundaryCondition, ...] = ()
    exact: JetFunction | None = None
    title: str = ""
    layer: AbsorbingLayer | None = None
    singular: JetFunction | None = None
    columns: tuple[JetFunction, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_conditions(self)

    @cached_property
    def is_complex(self) -> bool:
        """Whether the unknown is: an absorbing layer makes it so."""
        x = self.domain.interior(1, 0)
        return self.layer is not None or self.source_at(x).is_complex()

    @cached_property
    def leaves_constant_free(self) -> bool:
        """Whether u + 1 solves the problem where u does: nothing is asked of values, only of derivatives."""
        pieces = self.boundary_pieces(_PROBES, 0)
        rows = [self.interior_rows(self.domain.interior(_PROBES, 0)), *(c.rows(on) for c, on in pieces)]
        return self.operator.is_linear and not any(r.alpha is not None and r.alpha.any() for r in rows)

    def source_at(self, x: Tensor) -> Tensor:
        """The right-hand side at ``x`` (n, d), (n,)."""
        return torch.zeros(len(x), dtype=torch.float64) if self.source is None else self.source(x)

    def boundary_pieces(
        self, count: int, seed: int, conditions: Iterable[BoundaryCondition] | None = None
    ) -> Iterator[tuple[BoundaryCondition, Boundary]]:
        """Each of the conditions (all of them if None) that has rows, with those of ``count`` points on the
        boundary where it holds."""
        boundary = self.domain.boundary(count, seed)
        for condition in self.conditions if conditions is None else conditions:
            on = points_of(boundary, self.domain.parts, condition.parts)
            if condition.kind != "periodic" and len(on.x):
                yield condition, on

    def interior_rows(self, x: Tensor) -> Rows:
        """The linear part of the equation at points ``x`` (n, d)."""
        return self.operator.rows(x, self.source_at(x))


def points_of(boundary: Boundary, parts: tuple[str, ...], wanted: tuple[str, ...]) -> Boundary:
    """The boundary points that lie on the parts with the given names."""
    numbers = torch.tensor([parts.index(name) for name in wanted])
    chosen = torch.isin(boundary.part, numbers)
    return Boundary(boundary.x[chosen], boundary.normal[chosen], boundary.part[chosen])


def _check_conditions(problem: Problem) -> None:
    """Every part of the boundary has what the equation needs, and nothing twice.

    Raises:
        UsageError: an unknown part, a part without or with too many conditions.
    """
    parts, title = problem.domain.parts, problem.title or "problem"
    asked: dict[str, list[str]] = {part: [] for part in parts}
    for condition in problem.conditions:
        for part in condition.parts:
            if part not in asked:
                raise UsageError(f"{title}: the boundary has no part {part!r}; it has {', '.join(parts)}")
            asked[part].append(condition.kind)
    waves = problem.operator.time_speed is not None
    for part, kinds in asked.items():
        expected = _expected(part, parts, waves)
        if sorted(kinds) in expected:
            continue
        found = " and ".join(kinds) or "none"
        fault = "under-determined" if len(kinds) < len(expected[0]) else "over-determined"
        what = " or ".join(" and ".join(kinds) or "no condition" for kinds in expected)
        raise UsageError(f"{title}: {fault} on the boundary part {part!r}: expected {what}, found {found}")


def _expected(part: str, parts: tuple[str, ...], waves: bool) -> list[list[str]]:
    """The lists of conditions that a part may have."""
    if waves and part == parts[-2]:
        return [["dirichlet", "rate"]]
    if waves and part == parts[-1]:
        return [[]]
    return [["dirichlet"], ["neumann"], ["robin"], ["periodic"]]
