"""Conditions by construction: the form of a solution that fulfils as many of them as it can by itself.

Where a smooth factor vanishes on the part of the boundary with Dirichlet data (products for boxes,
``1 - r^2`` for balls) and the lift takes the data there, the condition holds exactly and needs no rows
(Lagaris et al. 1998, arXiv physics/9705023). Initial conditions of waves hold likewise by
``u_0 + t v_0 + t^2 N``, periodic ones by frequencies that repeat. Distances to unions and differences have
kinks that break the Laplacian: their conditions stay rows.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Ansatz
from sdf_siren.conditions.columns import corner_functions, is_whole, multipoles
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.domains import Ball, Box, Corner, Cylinder, Domain
from sdf_siren.domains.cylinder import constant_in_time
from sdf_siren.jets import Jet, JetFunction

NEGLIGIBLE = 1e-14
"""Data below it count as zero."""
_PROBES = 256
"""Boundary points at which data are compared with a constant."""


def ansatz_for(problem: Problem) -> Ansatz:
    """The form that fulfils as many conditions as it can by construction."""
    soft = tuple(c for c in problem.conditions if c.kind != "periodic")
    lifts: list[JetFunction] = [] if problem.singular is None else [problem.singular]
    factors: list[JetFunction] = []
    if problem.operator.time_speed is not None:
        soft = _start_by_construction(problem, soft, lifts, factors)
    corners = _singular_corners(problem)
    if not corners:  # whose functions would miss the data
        soft = _dirichlet_by_construction(problem, soft, lifts, factors)
    columns = (*problem.columns, *_known_columns(problem, corners))
    return Ansatz(_product(factors), _sum(lifts), columns, soft, _periods(problem))


def _start_by_construction(
    problem: Problem,
    soft: tuple[BoundaryCondition, ...],
    lifts: list[JetFunction],
    factors: list[JetFunction],
) -> tuple[BoundaryCondition, ...]:
    """Adds ``u_0 + t v_0`` and ``t^2``; returns the conditions that remain."""
    start = problem.domain.parts[-2]
    initial = {c.kind: c.value for c in soft if start in c.parts}
    lifts.append(_initial_lift(initial["dirichlet"], initial["rate"], problem.domain))
    factors.append(_squared_time(problem.domain))
    return tuple(c for c in soft if start not in c.parts)


def _dirichlet_by_construction(
    problem: Problem,
    soft: tuple[BoundaryCondition, ...],
    lifts: list[JetFunction],
    factors: list[JetFunction],
) -> tuple[BoundaryCondition, ...]:
    """Adds the factor of the Dirichlet sides where the lifts miss the data by one and the same constant.

    Waves may miss nothing: a constant would be added at the start too, where the lift is right.
    """
    domain = problem.domain
    hard = [c for c in soft if c.kind == "dirichlet"]
    missing = _constant_difference(problem, hard, _sum(lifts))
    if missing and problem.operator.time_speed is not None:
        missing = 0.0 if abs(missing) <= NEGLIGIBLE else None
    sides = tuple(part for condition in hard for part in condition.parts)
    factor = None if missing is None else _vanishing(domain, sides)
    if factor is None:
        return soft
    factors.append(factor)
    if missing:
        lifts.append(lambda x: Jet.constant(missing, x))
    return tuple(c for c in soft if c not in hard)


def _vanishing(domain: Domain, sides: tuple[str, ...]) -> JetFunction | None:
    """A smooth function that is zero on some sides and nowhere else, or None where none is known."""
    if isinstance(domain, Box):
        return domain.factor(sides)
    if isinstance(domain, Ball):
        return domain.factor()
    if isinstance(domain, Cylinder) and isinstance(domain.base, Ball):
        return constant_in_time(domain.base.factor())
    return None


def _constant_difference(
    problem: Problem, hard: list[BoundaryCondition], lift: JetFunction | None
) -> float | None:
    """The one number by which the lift misses all Dirichlet data, or None where there is none."""
    missing = []
    for condition, on in problem.boundary_pieces(_PROBES, 0, hard):
        target = condition.rows(on).target
        missing.append(target if lift is None else target - lift(on.x).value)
    if not missing:
        return None
    together = torch.cat(missing)
    if together.is_complex():
        return 0.0 if float(together.abs().max()) <= NEGLIGIBLE else None
    spread = float(together.max() - together.min())
    return float(together.mean()) if spread <= NEGLIGIBLE * float(together.abs().max().clamp_min(1)) else None


def _known_columns(problem: Problem, corners: list[Corner]) -> list[JetFunction]:
    """What is known of the solution's shape from the domain's."""
    natural = [part for c in problem.conditions if c.kind in ("neumann", "robin") for part in c.parts]
    harmonic = problem.operator.name == "poisson" and problem.operator.is_linear
    at_corners = corner_functions(problem.domain, corners, natural, harmonic=harmonic)
    return at_corners + multipoles(problem.domain.holes)


def _singular_corners(problem: Problem) -> list[Corner]:
    """Corners at which the solution is not smooth.

    They are the re-entrant ones, those whose angle does not divide pi, and those at which the source, less
    the reaction to zero, does not vanish (on zero data; in the corners of a square it makes ``r^2 log r``).
    """
    if problem.operator.time_speed is not None:
        return []
    typical = _driving(problem, problem.domain.interior(_PROBES, 0)).max()
    return [
        corner
        for corner in problem.domain.corners
        if corner.is_reentrant
        or not is_whole(math.pi / corner.opening)
        or _driving(problem, torch.tensor([corner.position], dtype=torch.float64)) > 1e-9 * typical
    ]


def _driving(problem: Problem, x: Tensor) -> Tensor:
    """The size of what bends the solution where it is zero, (n,)."""
    source, operator = problem.source_at(x), problem.operator
    return (source if operator.is_linear else source - operator.reaction_at(x, 0 * x[:, 0])[0]).abs()


def _product(functions: list[JetFunction]) -> JetFunction | None:
    def evaluate(x: Tensor) -> Jet:
        product = functions[0](x)
        for function in functions[1:]:
            product = product * function(x)
        return product

    return evaluate if functions else None


def _sum(functions: list[JetFunction]) -> JetFunction | None:
    parts = tuple(functions)

    def evaluate(x: Tensor) -> Jet:
        total = parts[0](x)
        for function in parts[1:]:
            total = total + function(x)
        return total

    return evaluate if parts else None


def _periods(problem: Problem) -> tuple[float | None, ...]:
    d, low, high = problem.domain.dimension, *problem.domain.bounds
    periodic = {part for c in problem.conditions if c.kind == "periodic" for part in c.parts}
    sides = [problem.domain.parts[2 * k : 2 * k + 2] for k in range(d)]
    return tuple(
        float(high[k] - low[k]) if periodic and set(sides[k]) <= periodic else None for k in range(d)
    )


def _initial_lift(value: JetFunction | None, rate: JetFunction | None, domain: Domain) -> JetFunction:
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


def _squared_time(domain: Domain) -> JetFunction:
    start, duration = float(domain.bounds[0][-1]), float(domain.bounds[1][-1] - domain.bounds[0][-1])

    def factor(x: Tensor) -> Jet:
        elapsed = (Jet.coordinates(x)[-1] - start) / duration
        return elapsed * elapsed

    return factor
