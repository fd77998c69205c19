"""A squared slowness that was found: on a regular grid, and how far it is from the known one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sdf_siren.artifacts import Grid
from sdf_siren.conditions import InverseProblem, Slowness

CELLS = 160
"""Along every side."""
_MARGIN = 0.05
_MOST_AT_ONCE = 2**16
_SEED = 2_000_003

SQUARED_SLOWNESS = "squared_slowness"
"""The grid's function; those beside it are called as for solutions."""


@dataclass(frozen=True)
class SlownessError:
    """Differences from the known squared slowness at points spread evenly over the region.

    Attributes:
        relative_error: 2-norm of the difference by that of what differs from one.
        largest_error: the largest absolute one.
    """

    relative_error: float
    largest_error: float


@torch.no_grad()
def slowness_error(problem: InverseProblem, slowness: Slowness, *, count: int = 4096) -> SlownessError | None:
    """Measure a squared slowness at ``count`` points; None where the true one is not known."""
    if problem.exact is None:
        return None
    x = problem.survey.region.interior(count, _SEED)
    exact = problem.exact(x).value
    miss = slowness.value(x) - exact
    return SlownessError(float(miss.norm() / (exact - 1).norm()), float(miss.abs().max()))


def shown_square(problem: InverseProblem) -> tuple[Tensor, Tensor]:
    """The corners (2,) of a square around region, sources and receivers, as far as it is in the box."""
    survey = problem.survey
    places = torch.cat([torch.stack(survey.region.bounds), survey.source_positions, survey.receivers])
    low, high = places.amin(0), places.amax(0)
    half = (0.5 + _MARGIN) * float((high - low).max())
    middle = (low + high) / 2
    return torch.maximum(middle - half, survey.box.bounds[0]), torch.minimum(
        middle + half, survey.box.bounds[1]
    )


@torch.no_grad()
def slowness_grid(problem: InverseProblem, slowness: Slowness, resolution: int | None = None) -> Grid:
    """``squared_slowness`` and, where it is known, ``exact`` and ``error``, at the nodes of a square around
    the region, the sources and the receivers."""
    low, high = shown_square(problem)
    count = (resolution or CELLS) + 1
    axes = [
        torch.linspace(float(a), float(b), count, dtype=torch.float64) for a, b in zip(low, high, strict=True)
    ]
    x = torch.cartesian_prod(*axes)
    found = torch.cat([slowness.value(chunk) for chunk in x.split(_MOST_AT_ONCE)]).numpy()
    values = {SQUARED_SLOWNESS: found}
    if problem.exact is not None:
        values["exact"] = problem.exact(x).value.numpy()
        values["error"] = np.abs(found - values["exact"])
    shaped = {name: array.reshape(count, count) for name, array in values.items()}
    return Grid({name: axis.numpy() for name, axis in zip("xy", axes, strict=True)}, shaped, problem.title)
