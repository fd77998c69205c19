"""How nearly a solution solves its problem, on points that no solver has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions import Problem, Solution
from sdf_siren.conditions.ansatz import gradient_rows, value_rows
from sdf_siren.domains import Corner, Domain

_NUMBERS = 2**22
"""Points at once times units of the network: each point takes several numbers per unit."""
_STEP = 1e-9
_SEED = 2_000_003
"""Other points than those of any solver."""


@dataclass(frozen=True)
class EquationError:
    """Misses of a solution, each the root mean square over points unless it says otherwise.

    Attributes:
        residual: left-hand minus right-hand side of the equation.
        source: the right-hand side, to compare with.
        boundary_miss: of all conditions together.
        relative_error: against the exact solution, relative to it; None where there is none, or it is zero.
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
    values, _, residual = evaluated(problem, solution, x)
    relative = largest = None
    if problem.exact is not None:
        exact = problem.exact(x).value
        miss, size = (values - exact).abs(), float(exact.norm())
        relative, largest = float(miss.norm()) / size if size else None, float(miss.max())
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


def evaluated(problem: Problem, solution: Solution, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The solution (n,), its gradient (n, d) and the residual of its equation (n,) at points inside.

    At corners where functions of the angle have no value, they are taken next to it.
    """
    size = chunk_size(solution)
    parts = [_evaluated(problem, solution, chunk) for chunk in x.split(size)]
    values, gradients, residuals = zip(*parts, strict=True)
    return torch.cat(values), torch.cat(gradients), torch.cat(residuals)


def values_at(problem: Problem, solution: Solution, x: Tensor) -> Tensor:
    """The solution (n,); at corners, that from next to it."""
    x = _with_values(problem, solution, x)
    return torch.cat([solution.value(chunk) for chunk in x.split(chunk_size(solution))])


def _evaluated(problem: Problem, solution: Solution, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x = _with_values(problem, solution, x)
    inside = problem.interior_rows(x)
    value, applied, *slopes = solution.of(value_rows(x), inside, *gradient_rows(x))
    residual = applied - inside.target
    if not problem.operator.is_linear:
        residual = residual + problem.operator.reaction_at(x, value)[0]
    return value, torch.stack(slopes, dim=1), residual


def _with_values(problem: Problem, solution: Solution, x: Tensor) -> Tensor:
    """The points, moved off the corners where the solution has functions of the angle."""
    return beside_corners(problem.domain, x) if solution.ansatz.columns else x


def beside_corners(domain: Domain, x: Tensor) -> Tensor:
    """The points ``x`` (n, d), those at a corner moved inside by next to nothing."""
    step = _STEP * domain.diameter
    moved = x.clone()
    for corner in domain.corners:
        angle = corner.start + corner.opening / 2
        moved[at_corner(corner, domain, x)] += step * x.new_tensor([math.cos(angle), math.sin(angle)])
    return moved


def at_corner(corner: Corner, domain: Domain, x: Tensor) -> Tensor:
    """Which of the points are at a corner, (n,) bool."""
    return (x - x.new_tensor(corner.position)).norm(dim=1) <= _STEP * domain.diameter


def _boundary_miss(problem: Problem, solution: Solution, count: int) -> float:
    misses = [solution.residual(c.rows(on)) for c, on in problem.boundary_pieces(count, _SEED)]
    return _rms(torch.cat([miss.abs() for miss in misses])) if misses else 0.0


def _rms(values: Tensor) -> float:
    return float(values.abs().square().mean().sqrt()) if len(values) else math.nan
