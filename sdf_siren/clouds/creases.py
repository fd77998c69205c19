"""Planes beside creases, where the neighbourhood of a point lies on both faces.

A plane through all neighbours leans across the edge. But on a clean scan those on the point's own face lie in
one plane with it: of the planes through the point and two of its nearest neighbours, the one that most others
lie in. That is the consensus of Fischler and Bolles (1981), with all pairs instead of samples.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

AGREEING = 8.0
"""So many of the neighbours have to lie in the plane. On surfaces that bend everywhere hardly ever as many
do by chance, and then the plane through all neighbours is a little better."""

_NEIGHBOURS, _NEAREST = 24, 8
_IN_PLANE = 0.06
"""How far a neighbour may lie off the plane, in spacings, to count, the less the farther."""

_WIDE = 0.3
"""Sine of the angle between two neighbours from which on they span a plane with the point."""

_CHUNK = 4096


def beside_creases(
    points: NDArray[np.float64], tree: cKDTree, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normals (m, 3), without a side, of the planes that most neighbours lie in, and how many do (m,).

    Args:
        points: (n, 3), clean.
        tree: of ``points``.
        rows: (m,), which points are asked.
    """
    normals, agreeing = np.zeros((len(rows), 3)), np.zeros(len(rows))
    count = min(_NEIGHBOURS + 1, tree.n)
    if count <= _NEAREST:
        return normals, agreeing
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        distance, near = tree.query(points[some], k=count, workers=torch.get_num_threads())
        spacing = np.maximum(distance[:, 1 : _NEAREST + 1].mean(axis=1), np.finfo(np.float32).tiny)
        chords = (points[near[:, 1:]] - points[some, None]) / spacing[:, None, None]
        normal, voices = _consensus(torch.from_numpy(chords.astype(np.float32)))
        normals[start : start + _CHUNK], agreeing[start : start + _CHUNK] = normal.numpy(), voices.numpy()
    return normals, agreeing


def _consensus(chords: Tensor) -> tuple[Tensor, Tensor]:
    """Of chords (m, k, 3) to neighbours, the nearest first, in spacings: normals (m, 3) and voices (m,)."""
    first, second = torch.tensor(list(combinations(range(_NEAREST), 2))).T
    a, b = chords[:, first], chords[:, second]
    normal = torch.linalg.cross(a, b)
    length = normal.norm(dim=2)
    wide = length > _WIDE * a.norm(dim=2) * b.norm(dim=2)
    normal /= length.clamp_min(torch.finfo(length.dtype).tiny)[..., None]
    height = torch.bmm(normal, chords.mT)
    voices = (1 - (height / _IN_PLANE).square()).clamp_min(0)
    most, which = (voices.sum(dim=2) * wide).max(dim=1)
    # The plane of those that agree, through the point.
    weight = voices[torch.arange(len(chords)), which]
    spread = (chords * weight[..., None]).mT.double() @ chords.double()
    return torch.linalg.eigh(spread)[1][:, :, 0], most
