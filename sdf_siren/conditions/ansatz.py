"""The form in which a solution is sought, and the solution found:

    u = lift + factor N + sum_k a_k column_k

with a network N. Where a smooth factor vanishes on the part of the boundary with Dirichlet data (products for
boxes, ``1 - r^2`` for balls) and the lift takes the data there, the condition holds exactly and needs no rows
(Lagaris et al. 1998, arXiv physics/9705023). Distances to unions and differences have kinks that break the
Laplacian: their conditions stay rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.columns import corner_functions, is_whole, multipoles
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.conditions.rows import Rows
from sdf_siren.domains import Ball, Boundary, Box, Corner
from sdf_siren.fields import LayeredField
from sdf_siren.jets import Jet, JetFunction

_PROBES = 256
"""Boundary points at which data are compared with zero."""


@dataclass(frozen=True)
class Ansatz:
    """What surrounds the network.

    Attributes:
        factor: multiplies the network; None for one.
        lift: added, with amplitude one; None for zero.
        columns: added with amplitudes to be found.
        soft: the conditions that the form does not fulfil by itself.
        periods: by axis, the period of the network, or None.
    """

    factor: JetFunction | None = None
    lift: JetFunction | None = None
    columns: tuple[JetFunction, ...] = ()
    soft: tuple[BoundaryCondition, ...] = ()
    periods: tuple[float | None, ...] = ()

    def rows_of_network(self, rows: Rows) -> Rows:
        """What conditions on u ask of the network, the columns apart."""
        if self.lift is not None:
            rows = rows.minus(self.lift(rows.x))
        return rows if self.factor is None else rows.of_factor(self.factor(rows.x))

    def column_rows(self, rows: Rows) -> Tensor:
        """The left-hand sides of conditions on u for each column, (n, columns)."""
        if not self.columns:
            return torch.zeros(len(rows), 0, dtype=torch.float64)
        return torch.stack([rows.of(column(rows.x)) for column in self.columns], dim=1)


@dataclass(frozen=True)
class Solution:
    """A function that solves a problem, as nearly as it was fitted.

    Attributes:
        ansatz: its form.
        network: float64, one output, or real and imaginary part.
        amplitudes: of the columns, float64 or complex128.
    """

    ansatz: Ansatz
    network: LayeredField
    amplitudes: Tensor

    def of(self, rows: Rows) -> Tensor:
        """The left-hand sides (n,) of linear conditions."""
        asked = self.ansatz.rows_of_network(rows)
        total = rows.target - asked.target + network_rows(self.network, asked)
        if len(self.amplitudes):
            total = total + self.ansatz.column_rows(rows).to(self.amplitudes.dtype) @ self.amplitudes
        return total

    def residual(self, rows: Rows) -> Tensor:
        """Left-hand minus right-hand sides (n,)."""
        return self.of(rows) - rows.target

    def value(self, x: Tensor) -> Tensor:
        """u (n,) at points ``x`` (n, d)."""
        return self.of(Rows(x, _zeros(x), alpha=torch.ones_like(x[:, 0])))

    def gradient(self, x: Tensor) -> Tensor:
        """grad u (n, d) at points ``x`` (n, d)."""
        axes = torch.eye(x.shape[1], dtype=x.dtype)
        return torch.stack([self.of(Rows(x, _zeros(x), beta=axis.expand_as(x))) for axis in axes], dim=1)

    def laplacian(self, x: Tensor) -> Tensor:
        """lap u (n,) at points ``x`` (n, d)."""
        d = x.shape[1]
        return self.of(Rows(x, _zeros(x), gamma=torch.eye(d, dtype=x.dtype).expand(len(x), d, d)))


def network_rows(network: LayeredField, rows: Rows) -> Tensor:
    """The left-hand sides (n,) for a network alone; two outputs are real and imaginary part."""

    def channel(alpha: Tensor | None, beta: Tensor | None, gamma: Tensor | None) -> Tensor:
        values = network.rows(rows.x, alpha, beta, gamma)
        return values[:, 0] if values.shape[1] == 1 else torch.complex(values[:, 0], values[:, 1])

    return by_parts(rows, channel)


def by_parts(rows: Rows, linear: Callable[[Tensor | None, Tensor | None, Tensor | None], Tensor]) -> Tensor:
    """A function that is linear in real coefficients (alpha, beta, gamma), for complex ones too."""
    coefficients = (rows.alpha, rows.beta, rows.gamma)
    if not any(c is not None and c.is_complex() for c in coefficients):
        return linear(*coefficients)
    real = [None if c is None else c.real.contiguous() for c in coefficients]
    imaginary = [c.imag.contiguous() if c is not None and c.is_complex() else None for c in coefficients]
    return linear(*real) + 1j * linear(*imaginary)


def _zeros(x: Tensor) -> Tensor:
    return torch.zeros(len(x), dtype=torch.float64)


def ansatz_for(problem: Problem) -> Ansatz:
    """The form that fulfils as many conditions as it can by construction."""
    domain, waves = problem.domain, problem.operator.time_speed is not None
    periods = _periods(problem)
    soft = tuple(c for c in problem.conditions if c.kind != "periodic")
    factors: list[JetFunction] = []
    lifts: list[JetFunction] = [] if problem.singular is None else [problem.singular]
    if waves:
        assert isinstance(domain, Box)
        start = domain.parts[-2]
        initial = {c.kind: c for c in soft if start in c.parts}
        lifts.append(_initial_lift(initial["dirichlet"].value, initial["rate"].value, domain))
        factors.append(_squared_time(domain))
        soft = tuple(c for c in soft if start not in c.parts)
    lift = None if not lifts else lifts[0] if len(lifts) == 1 else lambda x: lifts[0](x) + lifts[1](x)
    corners = _singular_corners(problem)
    hard = [] if corners else [c for c in soft if c.kind == "dirichlet"]  # their functions miss the data
    remaining = _constant_difference(problem, hard, lift)
    if isinstance(domain, Box | Ball) and remaining is not None:
        sides = tuple(part for condition in hard for part in condition.parts)
        factors.append(domain.factor(sides) if isinstance(domain, Box) else domain.factor())
        soft = tuple(c for c in soft if c not in hard)
        if remaining:
            constant = remaining
            inner = lift
            lift = (lambda x: Jet.constant(constant, x)) if inner is None else (lambda x: inner(x) + constant)
    return Ansatz(
        _product(factors), lift, (*problem.columns, *_known_columns(problem, corners)), soft, periods
    )


def _known_columns(problem: Problem, corners: list[Corner]) -> list[JetFunction]:
    """What is known of the solution's shape from the domain's."""
    natural = [part for c in problem.conditions if c.kind in ("neumann", "robin") for part in c.parts]
    harmonic = problem.operator.name == "poisson" and problem.operator.is_linear
    at_corners = corner_functions(problem.domain, corners, natural, harmonic=harmonic)
    return at_corners + multipoles(problem.domain.holes)


def _singular_corners(problem: Problem) -> list[Corner]:
    """Corners at which the solution is not smooth.

    They are the re-entrant ones, those whose angle does not divide pi, and those at which the source does not vanish
    (on zero data; in the corners of a square it makes ``r^2 log r``).
    """
    if problem.operator.time_speed is not None:
        return []
    typical = problem.source_at(problem.domain.interior(_PROBES, 0)).abs().max()
    return [
        corner
        for corner in problem.domain.corners
        if corner.is_reentrant
        or not is_whole(math.pi / corner.opening)
        or problem.source_at(torch.tensor([corner.position], dtype=torch.float64)).abs() > 1e-9 * typical
    ]


def _product(factors: list[JetFunction]) -> JetFunction | None:
    if len(factors) == 2:
        return lambda x: factors[0](x) * factors[1](x)
    return factors[0] if factors else None


def _constant_difference(
    problem: Problem, hard: list[BoundaryCondition], lift: JetFunction | None
) -> float | None:
    """The one number by which the lift misses all Dirichlet data, or None where there is none."""
    boundary = problem.domain.boundary(_PROBES, 0)
    missing = []
    for condition in hard:
        on = points_of(boundary, problem.domain.parts, condition.parts)
        target = condition.rows(on).target
        missing.append(target if lift is None else target - lift(on.x).value)
    if not missing or not sum(len(m) for m in missing):
        return None
    together = torch.cat(missing)
    if together.is_complex():
        return None
    spread = float(together.max() - together.min())
    rounding = 1e-14 * float(together.abs().max().clamp_min(1.0))
    return float(together.mean()) if spread <= rounding else None


def points_of(boundary: Boundary, parts: tuple[str, ...], wanted: tuple[str, ...]) -> Boundary:
    """The boundary points that lie on the parts with the given names."""
    numbers = torch.tensor([parts.index(name) for name in wanted])
    chosen = torch.isin(boundary.part, numbers)
    return Boundary(boundary.x[chosen], boundary.normal[chosen], boundary.part[chosen])


def _periods(problem: Problem) -> tuple[float | None, ...]:
    d, low, high = problem.domain.dimension, *problem.domain.bounds
    periodic = {part for c in problem.conditions if c.kind == "periodic" for part in c.parts}
    sides = [problem.domain.parts[2 * k : 2 * k + 2] for k in range(d)]
    return tuple(
        float(high[k] - low[k]) if periodic and set(sides[k]) <= periodic else None for k in range(d)
    )


def _initial_lift(value: JetFunction | None, rate: JetFunction | None, domain: Box) -> JetFunction:
    """``u_0 + (t - t_0) v_0``, both taken at the start whatever they say about later."""
    start = float(domain.bounds[0][-1])

    def at_start(function: JetFunction | None, x: Tensor) -> Jet:
        if function is None:
            return Jet.constant(0.0, x)
        there = x.clone()
        there[:, -1] = start
        jet = function(there)
        gradient, hessian = jet.gradient.clone(), jet.hessian.clone()
        gradient[:, -1] = 0
        hessian[:, -1, :] = hessian[:, :, -1] = 0
        return Jet(jet.value, gradient, hessian)

    def lift(x: Tensor) -> Jet:
        elapsed = Jet.coordinates(x)[-1] - start
        return at_start(value, x) + elapsed * at_start(rate, x)

    return lift


def _squared_time(domain: Box) -> JetFunction:
    start, duration = float(domain.bounds[0][-1]), float(domain.bounds[1][-1] - domain.bounds[0][-1])

    def factor(x: Tensor) -> Jet:
        elapsed = (Jet.coordinates(x)[-1] - start) / duration
        return elapsed * elapsed

    return factor
