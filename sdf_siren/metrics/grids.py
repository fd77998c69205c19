"""A solution on a regular grid over the bounding box of its domain."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from sdf_siren.artifacts import Grid
from sdf_siren.conditions import Problem, Solution
from sdf_siren.domains.space_time import coordinate_names
from sdf_siren.errors import UsageError
from sdf_siren.metrics.equations import at_corner, chunk_size, evaluated
from sdf_siren.progress import Progress, ProgressCallback, silent

_CELLS = {1: 1000, 2: 160, 3: 40, 4: 16}
"""Along the longest side, by dimension; more dimensions take 8."""
_LEAST_CELLS = 4
_MOST_NODES = 20_000_000


def grid_cells(problem: Problem, resolution: int | None = None) -> tuple[int, ...]:
    """Cells along every axis: ``resolution`` along the longest side, as near to square as can be; time, which
    has no length, takes as many as the longest side.

    Raises:
        UsageError: that makes too many nodes.
    """
    d = problem.domain.dimension
    timed = problem.operator.time_speed is not None
    longest = resolution or _CELLS.get(d, 8)
    low, high = problem.domain.bounds
    sides = (high - low).tolist()
    space = sides[: d - 1] if timed else sides
    cells = [max(_LEAST_CELLS, round(longest * side / max(space))) for side in space]
    cells += [longest] * timed
    if math.prod(n + 1 for n in cells) > _MOST_NODES:
        raise UsageError(
            f"a grid of {' x '.join(map(str, cells))} cells has more than {_MOST_NODES:,} nodes; "
            "lower extract.grid.resolution (--resolution)"
        )
    return tuple(cells)


@torch.no_grad()
def solution_grid(
    problem: Problem,
    solution: Solution,
    resolution: int | None = None,
    *,
    progress: ProgressCallback = silent,
) -> Grid:
    """Value ``u``, size of the gradient ``gradient``, ``residual`` of the equation and, where the solution is
    known, ``exact`` and ``error``, at the nodes; NaN outside the domain.

    Memory grows with the grid alone: the network is evaluated in chunks.
    """
    low, high = problem.domain.bounds
    cells = grid_cells(problem, resolution)
    names = coordinate_names(problem.domain.dimension, timed=problem.operator.time_speed is not None)
    axes = [
        torch.linspace(float(a), float(b), n + 1, dtype=torch.float64)
        for a, b, n in zip(low, high, cells, strict=True)
    ]
    shape = tuple(len(axis) for axis in axes)
    count = math.prod(shape)
    kind = np.complex128 if problem.is_complex else np.float64
    values = {"u": np.full(count, np.nan, kind), "gradient": np.full(count, np.nan)}
    values["residual"] = np.full(count, np.nan, kind)
    if problem.exact is not None:
        values["exact"] = np.full(count, np.nan, kind)
    reach = 1e-9 * problem.domain.diameter
    chunk = chunk_size(solution)
    for start in range(0, count, chunk):
        x = _nodes(axes, shape, start, min(start + chunk, count))
        inside = problem.domain.distance(x) <= reach  # the boundary included
        for name, found in _at(problem, solution, x[inside]).items():
            values[name][start : start + len(x)][inside.numpy()] = found.numpy()
        progress(Progress("extract", min(start + chunk, count), count))
    if "exact" in values:
        values["error"] = np.abs(values["u"] - values["exact"])
    shaped = {name: array.reshape(shape) for name, array in values.items()}
    return Grid(dict(zip(names, (a.numpy() for a in axes), strict=True)), shaped, problem.title)


def _at(problem: Problem, solution: Solution, x: Tensor) -> dict[str, Tensor]:
    if not len(x):
        return {}
    value, gradient, residual = evaluated(problem, solution, x)
    for corner in problem.domain.corners:  # there the equation need not hold
        residual[at_corner(corner, problem.domain, x)] = torch.nan
    steepness = gradient.abs().square().sum(1).sqrt()
    found = {"u": value, "gradient": steepness, "residual": residual}
    return found if problem.exact is None else found | {"exact": problem.exact(x).value}


def _nodes(axes: list[Tensor], shape: tuple[int, ...], start: int, stop: int) -> Tensor:
    """Nodes ``start`` to ``stop`` of the grid in C order, (n, d)."""
    places = np.unravel_index(np.arange(start, stop), shape)
    return torch.stack([axis[torch.from_numpy(place)] for axis, place in zip(axes, places, strict=True)], 1)
