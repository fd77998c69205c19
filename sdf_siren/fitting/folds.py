"""Places between the sheets of a scan: walls of a crevice, sides of a thin part, flanks of an edge.

A cubic that follows points on two sheets does as it likes between them, where there is no point: it
closes the crevice, or leaves a pit or a bump as high as the sheets are apart. How far such places are
from the surface is known, though: a step along a point's normal is that far away, unless another point
of the scan is nearer. (Off-surface constraints of Carr et al. 2001, doi 10.1145/383259.383266; here at
folds alone, since elsewhere the normals say as much.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from sdf_siren.fields.threads import processors
from sdf_siren.fitting.local import memberships
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


NOWHERE = Places(torch.empty(0, 3), torch.empty(0), torch.empty(0, dtype=torch.int64))

STEPS = (1.0, 2.0)
"""Two steps: the second holds the cubics of the coarse level off the middle of a wider crevice."""


def beside_folds(scan: OrientedScan, step: float) -> Places:
    """Places one step and two along the normals and against them, at the folds of ``scan``.

    Args:
        scan: clean; the normals of a noisy one disagree everywhere.
        step: cube lengths; about what the cubic of one of the finest tiles reaches.
    """
    points, normals = torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
    found = []
    for steps, sign in product(STEPS, (1.0, -1.0)):
        length = steps * step
        left = (_agreement(points, normals, length) < AGREEMENT).nonzero()[:, 0].numpy()
        for _ in range(HALVINGS + 1):
            x = scan.points[left] + np.float32(sign * length) * scan.normals[left]
            clear = np.isinf(scan.tree.query(x, distance_upper_bound=CLEAR * length)[0])
            found.append((x[clear], np.full(clear.sum(), sign * length, np.float32), left[clear]))
            left, length = left[~clear], length / 2
    return Places(*(torch.from_numpy(np.concatenate(part)) for part in zip(*found, strict=True)))


def _agreement(points: Tensor, normals: Tensor, side: float) -> Tensor:
    """The length (n,) of the mean normal in the boxes of tiles around each point, where it is least."""
    key, row = memberships(points, side)
    _, box, count = torch.unique(key, return_inverse=True, return_counts=True)
    total = normals.new_zeros(len(count), 3).index_add_(0, box, normals[row])
    length = (total.norm(dim=1) / count)[box]
    return torch.ones(len(points)).scatter_reduce_(0, row, length, "amin")


def closed_off(points: Tensor, normals: Tensor, value: Tensor) -> Tensor:
    """Which points (n,) of a noisy scan lie where a field has closed a fold, or has left out something thin.

    One point's value tells nothing, the mean of those around it that face the same way does: its
    standard error is a third of their scatter.

    Args:
        points: (n, 3), on the CPU.
        normals: (n, 3).
        value: (n,) of the field there.
    """
    near = cKDTree(points.numpy()).query(points.numpy(), k=min(AMONG, len(points)), workers=processors())[1]
    near = torch.from_numpy(near.reshape(len(points), -1))
    asked = (normals[near] * normals[:, None]).sum(dim=2) > SAME_SIDE
    asked &= asked.cumsum(dim=1) <= ASKED
    count = asked.sum(dim=1)  # at least the point itself
    mean = (value[near] * asked).sum(dim=1) / count
    scatter = value.abs().median() / 0.6745  # of the standard normal distribution
    return mean.abs() > MISSED * scatter * ((1 + ASKED / count) / 2).sqrt()
