"""How well oriented patches close up: the energy of their seams, and winding numbers.

A node of area a and normal n is a dipole of moment a n. If all normals point outward, the moments sample the
gradient of the solid's indicator function, which has no curl; a patch that is turned makes a seam along its
rim, and the curl there costs. With V = sum_i m_i rho(x - x_i) and rho the density whose potential is
1 / sqrt(r^2 + h^2), the part of V that is not a gradient has the energy sum_ij q_ij with

    4 pi q_ij = 3 h^2 m_i.m_j / s^5 - m_i.m_j / s^3 + 3 (m_i.r)(m_j.r) / s^5,
    s^2 = r^2 + h^2,  r = x_i - x_j.

Far away that is the interaction of dipoles by which Metzer et al. (2021) propagate orientations. Like the
methods that make the winding number consistent (Xu et al. 2023; Lin et al. 2024), it asks whether the whole
closes; the signs of a thousand patches are all that is unknown here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

MOST_DIPOLES = 6000
_SIDE = 1.5
_GROWTH = 1.15
_MOST_BOXES = 10_000
"""Along an axis, so that boxes can be numbered."""

_WIDTH = 2.67
"""Smoothing h in sides of the boxes whose nodes share a dipole: below it single dipoles show."""

_ROWS = 256


@dataclass(frozen=True)
class Dipoles:
    """Patches cut by boxes, each part with its moment; lengths in steps between nodes.

    Attributes:
        centres: (k, 3).
        moments: (k, 3) area times normal.
        patch: (k,) the patch that a dipole is a part of.
        side: of the boxes.
    """

    centres: NDArray[np.float64]
    moments: NDArray[np.float64]
    patch: NDArray[np.int64]
    side: float

    def of(self, rows: NDArray[np.bool_]) -> Dipoles:
        """Those of the given rows."""
        return Dipoles(self.centres[rows], self.moments[rows], self.patch[rows], self.side)

    def agreement(self) -> NDArray[np.float64]:
        """-q summed over the dipoles of each pair of patches, (patches, patches)."""
        patches = int(self.patch.max()) + 1
        rows = np.arange(len(self.patch))
        member = sparse.csr_array(
            (np.ones(len(rows), np.float32), (rows, self.patch)), shape=(len(rows), patches)
        )
        total = np.zeros((patches, len(rows)), np.float32)
        for part in np.split(rows, range(_ROWS, len(rows), _ROWS)):
            total += member[part].T @ self._interaction(part)
        summed = np.asarray(member.T @ total.T, dtype=np.float64)
        return (summed + summed.T) / 2

    def _interaction(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        x, m = self.centres.astype(np.float32), self.moments.astype(np.float32)
        h2 = np.float32((_WIDTH * self.side) ** 2)
        squared, along = np.einsum("kd,kd->k", x, x), np.einsum("kd,kd->k", x, m)
        s2 = squared[rows, None] + squared - 2 * (x[rows] @ x.T)
        np.maximum(s2, 0, out=s2)
        s2 += h2
        product = m[rows] @ m.T
        here = along[rows, None] - m[rows] @ x.T
        there = x[rows] @ m.T - along
        value = product - 3 * (here * there + h2 * product) / s2
        return np.asarray(value / (4 * np.pi * s2 * np.sqrt(s2)), np.float32)

    def winding_number(self, at: NDArray[np.float64], signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The winding number (n,) at places (n, 3), patches turned by ``signs`` (Barill et al. 2018).

        Places are in the coordinates of the centres. One inside closed surfaces with outward normals, a half
        on them, zero outside.
        """
        moments = self.moments * signs[self.patch, None]
        along = np.einsum("kd,kd->k", self.centres, moments)
        squared = np.einsum("kd,kd->k", self.centres, self.centres)
        winding = np.empty(len(at))
        for start in range(0, len(at), _ROWS):
            x = at[start : start + _ROWS]
            s2 = np.einsum("nd,nd->n", x, x)[:, None] + squared - 2 * (x @ self.centres.T)
            s2 = np.maximum(s2, 0) + self.side**2 / 4
            winding[start : start + _ROWS] = ((along - x @ moments.T) / (s2 * np.sqrt(s2))).sum(axis=1)
        return winding / (4 * np.pi)


def dipoles(
    nodes: NDArray[np.float64],
    normals: NDArray[np.float64],
    areas: NDArray[np.float64],
    patch: NDArray[np.int64],
) -> Dipoles:
    """Dipoles of patches, so few that all pairs can be summed.

    Args:
        nodes: (m, 3).
        normals: (m, 3) unit normals, consistent inside each patch.
        areas: (m,).
        patch: (m,) from zero on.
    """
    step = np.sqrt(np.median(areas))
    x = (nodes - nodes.min(axis=0)) / step
    side = max(_SIDE, float(x.max()) / _MOST_BOXES)
    while True:
        box = np.floor(x / side).astype(np.int64)
        shape = (*(box.max(axis=0) + 1), int(patch.max()) + 1)
        key, part = np.unique(np.ravel_multi_index((*box.T, patch), shape), return_inverse=True)
        if len(key) <= max(MOST_DIPOLES, 4 * shape[-1]):
            break
        side *= _GROWTH
    weight = areas / step**2
    total = np.bincount(part, weight)
    centres = np.stack([np.bincount(part, weight * column) for column in x.T], axis=1) / total[:, None]
    moments = np.stack([np.bincount(part, weight * column) for column in normals.T], axis=1, dtype=np.float64)
    return Dipoles(centres, moments, key % shape[-1], side)
