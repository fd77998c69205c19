"""Which side of the surface a place is on, roughly and everywhere: a Poisson indicator by FFT.

Each oriented point stands for a patch of surface, so the points' normals times their areas sample
the gradient of the indicator function of the solid. Smoothing and solving the Poisson equation on a
periodic grid gives the indicator back (Kazhdan 2005; Peng et al. 2021, "Shape as points", sec. 3.1).
It is coarse; it only has to be right away from the surface.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial import cKDTree

HALF_SIDE = 1.3
"""Half the side of the periodic box: the cube and room, so that copies do not touch."""

CELLS = 96
_SMOOTHING_CELLS = 1.5
_MOST_POINTS = 30_000
_NEIGHBOUR = 8
_LARGEST_AREA_QUANTILE = 0.98


class Indicator:
    """Positive outside, negative inside, zero at the surface on average, one far outside.

    Args:
        points: (n, 3) cube coordinates.
        normals: (n, 3) unit outward normals.
        seed: for the choice of a subset of large scans.
    """

    def __init__(self, points: NDArray[np.floating], normals: NDArray[np.floating], seed: int = 0) -> None:
        p, n = np.asarray(points, np.float64), np.asarray(normals, np.float64)
        if len(p) > _MOST_POINTS:
            rows = np.random.default_rng(seed).choice(len(p), _MOST_POINTS, replace=False)
            p, n = p[rows], n[rows]
        self._values = _integrate(_splat(p, n * _areas(p)[:, None]))
        self._values -= self(p).mean()
        self._values /= abs(self._values[0, 0, 0]) or 1.0

    def __call__(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """The indicator (n,) at cube coordinates ``x`` (n, 3), interpolated linearly."""
        cells = (np.asarray(x, np.float64).T + HALF_SIDE) * (CELLS / (2 * HALF_SIDE))
        return np.asarray(ndimage.map_coordinates(self._values, cells, order=1, mode="nearest"))


def _areas(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative surface area per point (n,): the squared distance to a fixed neighbour."""
    neighbour = min(_NEIGHBOUR, len(points) - 1)
    distance, _ = cKDTree(points).query(points, k=[neighbour + 1], workers=torch.get_num_threads())
    area = np.asarray(distance)[:, 0] ** 2
    # A stray point far from the rest would otherwise claim a patch larger than the object.
    return np.minimum(area, np.quantile(area, _LARGEST_AREA_QUANTILE))


def _splat(points: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread vectors (n, 3) over the eight grid nodes around each point: (3, CELLS, CELLS, CELLS)."""
    position = (points + HALF_SIDE) * (CELLS / (2 * HALF_SIDE))
    base = np.floor(position).astype(np.int64)
    part = position - base
    field = np.zeros((3, CELLS**3))
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1)
        node = np.ravel_multi_index(tuple((base + corner).T), (CELLS,) * 3, mode="wrap")
        for axis in range(3):
            field[axis] += np.bincount(node, weight * vectors[:, axis], minlength=CELLS**3)
    return field.reshape(3, CELLS, CELLS, CELLS)


def _integrate(field: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smoothed function whose gradient is nearest to ``field`` (3, c, c, c) in least squares."""
    full, half = fft.fftfreq(CELLS) * 2 * np.pi, fft.rfftfreq(CELLS) * 2 * np.pi
    waves = (full[:, None, None], full[None, :, None], half[None, None, :])
    squared = sum(w * w for w in waves)
    threads = torch.get_num_threads()
    divergence = sum(1j * w * fft.rfftn(f, workers=threads) for w, f in zip(waves, field, strict=True))
    smoothing = np.exp(-np.asarray(squared) * _SMOOTHING_CELLS**2 / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spectrum = -divergence / squared * smoothing
    spectrum[0, 0, 0] = 0
    return np.asarray(fft.irfftn(spectrum, s=(CELLS,) * 3, workers=threads))
