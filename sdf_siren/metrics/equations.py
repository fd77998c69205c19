"""How nearly a solution solves its problem, on points that no solver has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions import Problem, Solution
from sdf_siren.conditions.problem import points_of

_NUMBERS = 2**22
"""Points at once times units of the network: each point takes several numbers per unit."""
_SEED = 2_000_003
"""Other points than those of any solver."""


@dataclass(frozen=True)
class EquationError:
    """Misses of a solution, each the root mean square over points unless it says otherwise.

    Attributes:
        residual: left-hand minus right-hand side of the equation.
        source: the right-hand side, to compare with.
        boundary_miss: of all conditions together.
        relative_error: against the exact solution, relative to it; None where there is none.
        largest_error: the largest absolute one; None where there is none.
    """

    residual: float
    source: float
    boundary_miss: float
    relative_error: float | None = None
    largest_error: float | None = None


@torch.no_grad()
def equation_error(problem: Problem, solution: Solution, *, count: int = 4096) -> EquationError:
    """Measure a solution at ``count`` fresh points inside and a quarter as many on the boundary."""
    x = problem.domain.interior(count, _SEED)
    values, residual = evaluated(problem, solution, x)
    relative = largest = None
    if problem.exact is not None:
        exact = problem.exact(x).value
        relative = float((values - exact).norm() / exact.norm())
        largest = float((values - exact).abs().max())
    return EquationError(
        _rms(residual),
        _rms(problem.source_at(x)),
        _boundary_miss(problem, solution, count // 4),
        relative,
        largest,
    )


def chunk_size(solution: Solution) -> int:
    """How many points to evaluate at once."""
    return max(64, min(8192, _NUMBERS // max(len(bias) for bias in solution.network.biases)))


def evaluated(problem: Problem, solution: Solution, x: Tensor) -> tuple[Tensor, Tensor]:
    """The solution and the residual of its equation at points inside, (n,) each."""
    pairs = [_evaluated(problem, solution, chunk) for chunk in x.split(chunk_size(solution))]
    values, residuals = zip(*pairs, strict=True)
    return torch.cat(values), torch.cat(residuals)


def _evaluated(problem: Problem, solution: Solution, x: Tensor) -> tuple[Tensor, Tensor]:
    value = solution.value(x)
    residual = solution.residual(problem.interior_rows(x))
    if not problem.operator.is_linear:
        residual = residual + problem.operator.reaction_at(x, value)[0]
    return value, residual


def _boundary_miss(problem: Problem, solution: Solution, count: int) -> float:
    boundary = problem.domain.boundary(count, _SEED)
    misses = []
    for condition in problem.conditions:
        on = points_of(boundary, problem.domain.parts, condition.parts)
        if condition.kind != "periodic" and len(on.x):
            misses.append(solution.residual(condition.rows(on)))
    return _rms(torch.cat([miss.abs() for miss in misses])) if misses else 0.0


def _rms(values: Tensor) -> float:
    return float(values.abs().square().mean().sqrt()) if len(values) else math.nan
