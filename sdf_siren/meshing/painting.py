"""Colours and intensities of a scan on the vertices of its mesh.

A vertex gets the mean over the nearest points, with weights exp(-d^2 / 2 h^2) of their distances d. The width
h is a part of the local spacing s, for which no further search is needed: had the scan s^-2 points per area,
the k nearest to a place would lie between the distances r_1 and r_k with

    pi (r_k^2 - r_1^2) = k s^2,

also seen from above the surface or from the middle of a hole, where r_1 alone says nothing of the spacing.
Colours are blended as light (:mod:`sdf_siren.srgb`).

Points whose normals point away from the vertex's have no part in it: they lie on the other side of a thin
wall, which may well be nearer than the next point on this side.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.artifacts import Mesh, vertex_normals
from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.support import FAR
from sdf_siren.srgb import from_linear, to_linear

NEIGHBOURS = 8

WIDER = 64
"""Neighbours looked at where none of the nearest has a normal of the vertex's side."""

WIDTH = 0.4
"""h / s. Of scans with every tenth point held back (four, indoors and machine parts; docs/method.md) the
colours there are guessed best with 0.3 to 0.6."""

_CHUNK = 1 << 16
"""Vertices at once: some 50 MB."""

_SAMPLE = 4096
"""Points by which it is known how far neighbours are in this scan."""

_LEAST, _TINY = 1e-9, 1e-300
"""Of the spacing, for points all as far as each other: their part of the distance, and anything but zero."""

Floats = NDArray[np.float32]


def painted(mesh: Mesh, cloud: PointCloud, *, colours: bool, intensity: bool) -> tuple[Mesh, tuple[str, ...]]:
    """The mesh with the colours of ``cloud``, or its intensity as the scalar ``intensity``, and notes.

    Vertices far from all points, where the mesh bridges what was not scanned, get what the points nearest to
    them have: any other colour would look as if it had been measured, too.

    Args:
        mesh: in the coordinates of the cloud.
        cloud: with normals, or points of both sides of thin walls are mixed.
        colours: whether the mesh is to have the colours, if the cloud has them.
        intensity: the same for the intensities; NaN where none of the points that count has one.
    """
    columns, notes = [], []
    coloured = colours and cloud.colours is not None
    if coloured:
        assert cloud.colours is not None
        columns.append(to_linear(cloud.colours))
    if intensity and cloud.intensity is None:
        notes.append("the scan has no intensities to carry to the mesh")
    elif intensity:
        assert cloud.intensity is not None
        columns.append(cloud.intensity[:, None])
    if not columns or not len(mesh.vertices):
        return mesh, tuple(notes)
    values, far = _blended(mesh, cloud, np.hstack(columns))
    if far:
        notes.append(
            f"{far} of {len(values)} vertices are more than {FAR:.0f} spacings away from the scan: what they"
            " carry is guessed from the points nearest to them"
        )
    scalars = dict(mesh.scalars)
    if intensity and cloud.intensity is not None:
        scalars["intensity"] = values[:, -1]
    kept = from_linear(values[:, :3]) if coloured else mesh.colours
    return dataclasses.replace(mesh, colours=kept, scalars=scalars), tuple(notes)


class _Source:
    """The points of a scan, asked from places with normals.

    Args:
        cloud: with or without normals.
        values: (n, c) what the points have.
    """

    def __init__(self, cloud: PointCloud, values: Floats) -> None:
        self._tree = cKDTree(cloud.points)
        self._normals = cloud.normals
        self._values = values
        sample = cloud.points[:: -(-len(cloud) // _SAMPLE)]
        distance, _ = self._tree.query(sample, k=min(NEIGHBOURS, len(cloud)))
        self._reach = FAR * float(np.quantile(distance.reshape(len(sample), -1)[:, -1], 0.95))

    def means(
        self, places: NDArray[np.float64], normals: Floats, neighbours: int
    ) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        """Means (m, c) at ``places`` (m, 3); where no neighbour is of their side, so that all neighbours
        count; and where the nearest one is far away."""
        distance, index = self._nearest(places, min(neighbours, len(self._values)))
        squared = np.square(distance)
        wide = np.maximum(squared[:, -1:] - squared[:, :1], _LEAST * squared[:, -1:])
        spacing2 = np.pi / squared.shape[1] * wide
        far = squared[:, 0] > FAR**2 * spacing2[:, 0]
        agreement = self._agreement(normals, index)
        astray = np.asarray(~agreement.any(axis=1))
        agreement[astray] = 1
        # Relative to the nearest that counts, for far away all weights would vanish.
        nearest = np.where(agreement > 0, squared, np.inf).min(axis=1, keepdims=True)
        exponent = (nearest - squared) / np.maximum(2 * WIDTH**2 * spacing2, _TINY)
        weights = agreement * np.exp(np.minimum(exponent, 0, out=exponent))
        values = self._values[index]
        weighted = weights[..., None] * np.isfinite(values)
        with np.errstate(invalid="ignore"):  # where no value is known, none comes out
            means = (weighted * np.nan_to_num(values)).sum(axis=1) / weighted.sum(axis=1)
        return means.astype(np.float32), astray, far

    def _nearest(
        self, places: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Distances and numbers (m, count) of the points nearest to ``places``; far from all points they need
        not be the very nearest, which would take a tree ten times as long as all others together."""
        ranks, workers = np.arange(1, count + 1), torch.get_num_threads()
        reach = self._reach * np.sqrt(count / NEIGHBOURS)
        distance, index = self._tree.query(places, k=ranks, distance_upper_bound=reach, workers=workers)
        away = np.flatnonzero(np.isinf(distance[:, -1]))
        if len(away):
            distance[away], index[away] = self._tree.query(places[away], k=ranks, eps=1.0, workers=workers)
        return distance, index

    def _agreement(self, normals: Floats, index: NDArray[np.int64]) -> Floats:
        """Cosines (m, k) between the normals of places (m, 3) and of points, zero for other sides."""
        if self._normals is None:
            return np.ones(index.shape, dtype=np.float32)
        return np.einsum("md,mkd->mk", normals, self._normals[index]).clip(0)


def _blended(mesh: Mesh, cloud: PointCloud, values: Floats) -> tuple[Floats, int]:
    """Means (v, c) of the points' ``values`` (n, c) at the vertices, and how many vertices are far away."""
    normals = vertex_normals(mesh.vertices, mesh.faces) if mesh.normals is None else mesh.normals
    normals = np.nan_to_num(normals).astype(np.float32)
    source, far = _Source(cloud, values), 0
    means = np.empty((len(mesh.vertices), values.shape[1]), dtype=np.float32)
    for start in range(0, len(means), _CHUNK):
        some = slice(start, start + _CHUNK)
        means[some], astray, away = source.means(mesh.vertices[some], normals[some], NEIGHBOURS)
        far += int(away.sum())
        rows = start + np.flatnonzero(astray & ~away)
        if len(rows):
            means[rows], _, _ = source.means(mesh.vertices[rows], normals[rows], WIDER)
    return means, far
