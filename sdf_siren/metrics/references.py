"""What classical solvers come to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Reference:
    """A classical solution.

    Attributes:
        x: places (n, d) float64.
        values: there (n,).
        uncertainty: its relative error in the 2-norm, as it sees it itself.
        seconds: all solves together.
        method: in a few words, with its size.
    """

    x: NDArray[Any]
    values: NDArray[Any]
    uncertainty: float
    seconds: float
    method: str


def relative(miss: NDArray[Any], values: NDArray[Any]) -> float:
    """The 2-norm of ``miss`` (n,) by that of ``values`` (n,); where they are zero, its root mean square."""
    size = np.linalg.norm(values)
    return float(np.linalg.norm(miss) / (size if size > 0 else math.sqrt(len(miss))))
