"""Cutting off what no scan point supports: the mesh of an open scan.

The level set of a field has no rim; behind a wall or beyond the edge of a terrain it goes on, or comes back.
The mesh is cut along the line where its support (:mod:`sdf_siren.clouds.support`) is ``REACH`` spacings,
through the triangles that the line crosses, so that the rim is a curve and no staircase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh, face_areas, vertex_normals
from sdf_siren.clouds.support import FAR, Support
from sdf_siren.meshing.components import face_components
from sdf_siren.meshing.reach import REACH, SLACK, level_of
from sdf_siren.meshing.refine import split_faces
from sdf_siren.meshing.rim import smooth_rim

ISLAND, ISLAND_SHARE = 50.0, 0.05
"""A part that stands for fewer points than that, and for a smaller share of all, is an island and dropped.
A stray point carries a disc of 13, three of them about 25."""

_QUARTERINGS = 4  # of the way from a supported vertex to a cut
_MARGIN = 0.05
"""A cut keeps that part of an edge away from its ends, so that no triangle is a needle."""


@dataclass(frozen=True)
class Trimmed:
    """What is left of a mesh.

    Attributes:
        mesh: the supported part; without faces if there is none.
        islands: how many small parts were dropped.
    """

    mesh: Mesh
    islands: int

    def sentence(self) -> str:
        """For people."""
        dropped = f", {self.islands} island{'s' * (self.islands > 1)} with it" if self.islands else ""
        return f"cut off where no point of the scan is near{dropped}"


def trim(mesh: Mesh, support: Support) -> Trimmed:
    """The part of ``mesh`` that the scan supports: every vertex is within ``FAR`` spacings of a point.

    A mesh that was trimmed before comes back as it is.

    Args:
        mesh: without normals, those of its faces are taken.
        support: the scan.
    """
    normals = mesh.normals
    if normals is None:
        normals = vertex_normals(mesh.vertices, mesh.faces).astype(np.float32)
    edges, side = mesh.edges
    level = level_of(mesh, normals, edges, support)
    if (level < 0).all():
        return Trimmed(mesh, 0)
    cut = _cut(replace(mesh, normals=normals), edges, side, level, support)
    kept, islands = _without_islands(cut, support)
    left = cut.of_faces(kept)
    assert left.normals is not None

    def near_enough(rows: NDArray[np.int64], places: NDArray[np.float64]) -> NDArray[np.bool_]:
        assert left.normals is not None
        return support.at(places, left.normals[rows]) <= FAR

    vertices = smooth_rim(left.vertices, left.normals, left.faces, near_enough)
    return Trimmed(replace(left, vertices=vertices), islands)


def _cut(
    mesh: Mesh,
    edges: NDArray[np.int64],
    side: NDArray[np.int64],
    level: NDArray[np.float64],
    support: Support,
) -> Mesh:
    """The part of ``mesh`` where ``level`` (v,), linear along edges, is below zero."""
    inside = level < 0
    crossed = inside[edges[:, 0]] != inside[edges[:, 1]]
    a, b = edges[crossed].T
    a, b = np.where(inside[a], a, b), np.where(inside[a], b, a)
    share = np.clip(level[a] / (level[a] - level[b]), _MARGIN, 1 - _MARGIN)[:, None]

    def new(values: NDArray[Any]) -> NDArray[np.float64]:
        """Values (m, k) at the new vertices, interpolated between those (v, k) at the old ones."""
        return values[a] * (1 - share) + values[b] * share

    def with_new(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.concatenate([values, new(values)])

    assert mesh.normals is not None
    # Where the surface turns sharply, or edges are long, the support between two vertices is not linear.
    far = np.arange(len(a))
    for _ in range(_QUARTERINGS):
        far = far[support.at(new(mesh.vertices)[far], _unit(new(mesh.normals)[far])) > REACH + SLACK]
        share[far] /= 4
    normals = _unit(with_new(mesh.normals))
    number = np.full(len(edges), -1)
    number[crossed] = np.arange(len(a)) + len(inside)
    faces = split_faces(mesh.faces, number[side])
    # New vertices stand between both sides; no face has new ones only.
    stays = np.append(inside, np.ones(len(a), dtype=bool))[faces].all(axis=1)
    return Mesh(
        with_new(mesh.vertices),
        faces[stays],
        normals.astype(np.float32),
        None if mesh.colours is None else with_new(mesh.colours).round().astype(np.uint8),
        {name: with_new(value[:, None])[:, 0].astype(np.float32) for name, value in mesh.scalars.items()},
    )


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30))


def _without_islands(mesh: Mesh, support: Support) -> tuple[NDArray[np.bool_], int]:
    """Which faces (f,) belong to no island, and how many islands there are."""
    count, part = face_components(mesh.faces, len(mesh.vertices))
    if count <= 1:
        return np.ones(len(mesh.faces), dtype=bool), 0
    area = face_areas(mesh.vertices, mesh.faces)
    size = np.bincount(part, area, minlength=count)
    others = np.flatnonzero(part != np.argmax(size))
    spacing = support.spacing_at(mesh.vertices[mesh.faces[others]].mean(axis=1))
    points = np.bincount(part[others], area[others] / spacing**2, minlength=count)
    island = points < min(ISLAND, ISLAND_SHARE * len(support.points))
    island[np.argmax(size)] = False
    return ~island[part], int(island.sum())
