"""What classical solvers come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
