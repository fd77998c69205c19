"""Places between the sheets of a scan: walls of a crevice, sides of a thin part, flanks of an edge.

A cubic that follows points on two sheets does as it likes between them, where there is no point: it
closes the crevice, or leaves a pit or a bump as high as the sheets are apart. How far such places are
from the surface is known, though: a step along a point's normal is that far away, unless another point
of the scan is nearer. (Off-surface constraints of Carr et al. 2001, doi 10.1145/383259.383266; here at
folds alone, since elsewhere the normals say as much.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from sdf_siren.fields.threads import processors
from sdf_siren.fitting.membership import memberships
from sdf_siren.fitting.scan import OrientedScan

AGREEMENT = 0.95
"""The mean of the unit normals in a box of the finest tiles' size is shorter than that at a fold. That is
one with 2 radians between two equal halves, or an even spread over a cap of 0.45 radians."""

CLEAR = 0.9
"""Nothing of the scan may be nearer to a place than so much of the step to it; else the step is halved,"""

HALVINGS = 2
"""so many times."""

SAME_SIDE, AMONG, ASKED = 0.5, 16, 8
"""The cosine between normals of one sheet; and how many of a point's nearest are asked, that belong to it."""

MISSED = 1.4
"""In standard deviations of single points: what the mean of so many misses where something is closed."""


@dataclass(frozen=True)
class Places:
    """Places off the surface.

    Attributes:
        x: (m, 3) float32 cube coordinates.
        distance: (m,) signed distance from the surface.
        rows: (m,) int64, the scan's point that each was found from.
    """

    x: Tensor
    distance: Tensor
    rows: Tensor

    def to(self, device: torch.device | str) -> Places:
        """The same on another device."""
        return Places(self.x.to(device), self.distance.to(device), self.rows.to(device))


NOWHERE = Places(torch.empty(0, 3), torch.empty(0), torch.empty(0, dtype=torch.int64))

_Found = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]

STEPS = (1.0, 2.0)
"""Two steps: the second holds the cubics of the coarse level off the middle of a wider crevice."""

WHOLE = 2**24
"""Normals are summed in these parts of one, whole numbers, whose order does not matter: a GPU has none."""


def beside_folds(scan: OrientedScan, step: float, device: torch.device | str = "cpu") -> Places:
    """Places one step and two along the normals and against them, at the folds of ``scan``.

    Args:
        scan: clean; the normals of a noisy one disagree everywhere.
        step: cube lengths; about what the cubic of one of the finest tiles reaches.
        device: where folds are looked for and the result is wanted. The scan's tree says what is near.
    """
    points, normals = (torch.from_numpy(part).to(device) for part in (scan.points, scan.normals))
    found = []
    for length in (steps * step for steps in STEPS):
        folds = (_agreement(points, normals, length) < AGREEMENT).nonzero()[:, 0].cpu().numpy()
        for sign in (1.0, -1.0):
            found += _clear_places(scan, folds, sign * length)
    return Places(*(torch.from_numpy(np.concatenate(part)) for part in zip(*found, strict=True))).to(device)


def _clear_places(scan: OrientedScan, rows: NDArray[np.int64], step: float) -> list[_Found]:
    """Places a ``step`` along the normals of some points where that is clear, else a half of it or a quarter:
    three parts of what :class:`Places` has."""
    found = []
    for _ in range(HALVINGS + 1):
        x = scan.points[rows] + np.float32(step) * scan.normals[rows]
        near = scan.tree.query(x, distance_upper_bound=CLEAR * abs(step), workers=processors())[0]
        clear = np.isinf(near)
        found.append((x[clear], np.full(clear.sum(), step, np.float32), rows[clear]))
        rows, step = rows[~clear], step / 2
    return found


def _agreement(points: Tensor, normals: Tensor, side: float) -> Tensor:
    """The length (n,) of the mean normal in the boxes of tiles around each point, where it is least."""
    key, row = memberships(points, side)
    keys, box, count = torch.unique(key, return_inverse=True, return_counts=True)
    whole = (WHOLE * normals).round().long()
    total = whole.new_zeros(len(keys), 3).index_add_(0, box, whole[row])
    length = ((total / WHOLE).norm(dim=1) / count)[box]
    return length.new_ones(len(points)).scatter_reduce_(0, row, length, "amin")


def closed_off(points: Tensor, normals: Tensor, value: Tensor) -> Tensor:
    """Which points (n,) of a noisy scan lie where a field has closed a fold, or has left out something thin.

    One point's value tells nothing, the mean of those around it that face the same way does: its
    standard error is a third of their scatter.

    Args:
        points: (n, 3).
        normals: (n, 3).
        value: (n,) of the field there.
    """
    places = points.cpu().numpy()
    near = cKDTree(places).query(places, k=min(AMONG, len(places)), workers=processors())[1]
    near = torch.from_numpy(near.reshape(len(places), -1)).to(points.device)
    asked = (normals[near] * normals[:, None]).sum(dim=2) > SAME_SIDE
    asked &= asked.cumsum(dim=1) <= ASKED
    count = asked.sum(dim=1)  # at least the point itself
    mean = (value[near] * asked).sum(dim=1) / count
    scatter = value.abs().median() / 0.6745  # of the standard normal distribution
    return mean.abs() > MISSED * scatter * ((1 + ASKED / count) / 2).sqrt()
