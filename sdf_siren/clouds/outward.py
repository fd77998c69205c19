"""Which way normals point, seen from outside of everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DIRECTIONS = 128


def outward_share(points: NDArray[np.float64], normals: NDArray[np.float64]) -> float:
    """The share of directions in which the outermost point's normal points outward.

    At the point of a closed surface that is outermost in direction d, the outward normal is d.
    This needs no areas and no closed scan, unlike the sign of the enclosed volume.

    Args:
        points: (n, 3).
        normals: (n, 3).

    Returns:
        From 0 (normals point inward) to 1 (outward).
    """
    directions = spread_directions(_DIRECTIONS)
    # One direction at a time: all products at once would be 128 numbers per point.
    outermost = [int(np.argmax(points @ direction)) for direction in directions]
    return float(np.mean(np.einsum("nd,nd->n", normals[outermost], directions) > 0))


def spread_directions(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors spread evenly: a Fibonacci spiral."""
    i = np.arange(count) + 0.5
    z = 1 - 2 * i / count
    angle = np.pi * (1 + np.sqrt(5)) * i
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
