"""Smoothing without shrinking (Taubin 1995): a step towards the neighbours' mean, then a larger one away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdf_siren.meshing.edges import rim_edges, umbrella

INWARD, OUTWARD = 0.5, -0.53
"""Taubin's lambda and mu, of a pass band 1 / lambda + 1 / mu of 0.113."""


def smoothed(vertices: NDArray[np.float64], faces: NDArray[np.int64], rounds: int) -> NDArray[np.float64]:
    """Vertices (v, 3) after ``rounds`` pairs of steps; those on a rim stay where they are."""
    mean = umbrella(faces, len(vertices))
    free = np.diff(mean.indptr) > 0
    free[rim_edges(faces, len(vertices))] = False
    for _ in range(rounds):
        for factor in (INWARD, OUTWARD):
            vertices = vertices + factor * np.where(free[:, None], mean @ vertices - vertices, 0)
    return vertices
