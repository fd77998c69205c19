"""Drawing scan points evenly over the surface, however unevenly the scan has them.

Nine tenths of a scan's points may lie on a tenth of its surface: drawn alike, they leave little for the rest.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

MOST = 16.0
"""A point counts for at most so many typical ones and at least for one over it: a stray point stands for
no large surface."""

_NEIGHBOUR = 8


def shares(points: NDArray[np.floating], tree: cKDTree) -> NDArray[np.float64]:
    """The cumulative share of the surface (n,) of each point and those before it; the last is 1.

    Args:
        points: (n, 3).
        tree: of ``points``.
    """
    neighbour = min(_NEIGHBOUR, len(points) - 1)
    distance, _ = tree.query(points, k=[neighbour + 1], workers=torch.get_num_threads())
    area = np.asarray(distance, np.float64)[:, 0] ** 2
    typical = float(np.median(area)) or 1.0
    found = np.cumsum(np.clip(area, typical / MOST, typical * MOST))
    return np.asarray(found / found[-1])


def drawn(cumulative: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """``count`` rows with replacement, each with its share; ``cumulative`` is of :func:`shares`."""
    place = torch.rand(count, generator=generator, device=cumulative.device, dtype=cumulative.dtype)
    return torch.searchsorted(cumulative, place).clamp_(max=len(cumulative) - 1)
