"""When single precision is not enough: survey coordinates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-6
"""Rounding that may be lost, as a part of the extent."""


def single_step(points: NDArray[np.float64]) -> float:
    """The distance between neighbouring float32 numbers at the largest coordinate of ``points``."""
    largest = float(np.abs(points).max())
    if largest >= float(np.finfo(np.float32).max):
        return float("inf")
    return float(np.spacing(np.float32(largest)))


def needs_double(points: NDArray[np.float64]) -> bool:
    """Whether float32 would round ``points`` (n, 3), n >= 1, by more than the tolerance."""
    extent = float(np.ptp(points, axis=0).max())
    return single_step(points) > TOLERANCE * extent


def is_single(points: NDArray[np.float64]) -> bool:
    """Whether every coordinate is a float32 number, however it was stored."""
    with np.errstate(over="ignore", under="ignore"):
        return bool(np.array_equal(points, points.astype(np.float32)))
