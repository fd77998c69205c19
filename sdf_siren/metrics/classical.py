"""A solution beside that of a classical solver, whichever fits the problem."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from sdf_siren.conditions import Problem, Solution
from sdf_siren.domains import Box
from sdf_siren.errors import UsageError
from sdf_siren.metrics.equations import beside_corners, values_at
from sdf_siren.metrics.finite_differences import box_reference, no_finite_differences
from sdf_siren.metrics.finite_elements import element_reference, no_finite_elements
from sdf_siren.metrics.leapfrog import no_leapfrog, wave_reference
from sdf_siren.metrics.references import Reference, relative


@dataclass(frozen=True)
class Comparison:
    """A solution beside the reference.

    Attributes:
        method: of the reference, with its size.
        seconds: that it took.
        difference: between the two, relative L2.
        uncertainty: of the reference, as it sees it itself.
        error: of the reference against the exact solution; None where there is none.
    """

    method: str
    seconds: float
    difference: float
    uncertainty: float
    error: float | None


def no_classical(problem: Problem) -> str | None:
    """Why there is no reference for a problem, or None where there is one."""
    if problem.operator.time_speed is not None:
        return no_leapfrog(problem)
    if isinstance(problem.domain, Box):
        return no_finite_differences(problem)
    return no_finite_elements(problem)


def reference(problem: Problem, cells: int | None = None) -> Reference:
    """Leapfrog for waves, finite differences in boxes, finite elements elsewhere in the plane.

    Args:
        problem: what is asked.
        cells: of the coarse one of two grids, along every axis (finite elements: the longest side).

    Raises:
        UsageError: there is no reference for such a problem.
    """
    refused = no_classical(problem)
    if refused is not None:
        raise UsageError(f"no classical reference: {refused}")
    if problem.operator.time_speed is not None:
        return wave_reference(problem, cells)
    if isinstance(problem.domain, Box):
        return box_reference(problem, cells)
    return element_reference(problem, cells)


@torch.no_grad()
def compare_classical(problem: Problem, solution: Solution, cells: int | None = None) -> Comparison:
    """Solve a problem by a classical method and compare.

    Raises:
        UsageError: there is no reference for such a problem.
    """
    found = reference(problem, cells)
    x = torch.from_numpy(found.x)
    ours = values_at(problem, solution, x).numpy()
    error = None
    if problem.exact is not None:
        exact = problem.exact(beside_corners(problem.domain, x)).value.numpy()
        error = relative(found.values - exact, exact)
    difference = relative(ours - found.values, found.values)
    return Comparison(found.method, found.seconds, difference, found.uncertainty, error)
