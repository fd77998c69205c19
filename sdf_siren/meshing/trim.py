"""Cutting off what no scan point supports: the mesh of an open scan.

The level set of a field has no rim; behind a wall or beyond the edge of a terrain it goes on, or comes back.
The mesh is cut along the line where its support (:mod:`sdf_siren.clouds.support`) is ``REACH`` spacings,
through the triangles that the line crosses, so that the rim is a curve and no staircase.

Points that are scattered at random leave gaps: of the places in a uniformly sampled plane, 4 % are farther
than one spacing from all points, 3 in a million farther than two, 5 in 10^13 farther than three. So what is
beyond ``REACH`` is only cut where it gets beyond ``HOLE`` somewhere; else it is a gap and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components

from sdf_siren.artifacts import Mesh, area_vectors, vertex_normals
from sdf_siren.clouds.support import ANGLE, Support
from sdf_siren.meshing.components import face_components
from sdf_siren.meshing.refine import edges_of, split_faces
from sdf_siren.meshing.rim import smooth_rim

REACH, HOLE = 2.0, 3.0

GAP = 12.0
"""Squares of a spacing: a disc of radius 2. Small parts that are beyond ``HOLE`` not by their distance but by
the turns of a rough surface are gaps too."""

ISLAND, ISLAND_SHARE = 50.0, 0.05
"""A part that stands for fewer points than that, and for a smaller share of all, is an island and dropped.
A stray point carries a disc of 13, three of them about 25."""

_SLACK = 0.75
"""How much smoothing may take from the support: no vertex beyond ``REACH + _SLACK`` is kept at the rim."""

_BAND, _MOST_ROUNDS = 1.75, 100
_QUARTERINGS = 4
_MARGIN = 0.05
"""A cut keeps that part of an edge away from its ends, so that no triangle is a needle."""


@dataclass(frozen=True)
class Trimmed:
    """What is left of a mesh.

    Attributes:
        mesh: the supported part; without faces if there is none.
        removed: share of the area that was cut off or dropped.
        islands: how many small parts were dropped.
    """

    mesh: Mesh
    removed: float
    islands: int

    def sentence(self) -> str:
        """For people."""
        dropped = f", {self.islands} island{'s' * (self.islands > 1)} with it" if self.islands else ""
        return f"cut off where no point of the scan is near: {100 * self.removed:.1f} % of the area{dropped}"


def trim(mesh: Mesh, support: Support) -> Trimmed:
    """The part of ``mesh`` that the scan supports: every vertex is within ``HOLE`` spacings of a point.

    A mesh that was trimmed before comes back as it is.

    Args:
        mesh: without normals, those of its faces are taken.
        support: the scan.
    """
    normals = mesh.normals
    if normals is None:
        normals = vertex_normals(mesh.vertices, mesh.faces).astype(np.float32)
    edges, side = edges_of(mesh.faces, len(mesh.vertices))
    level = _level(mesh, normals, edges, support)
    if (level < 0).all():
        return Trimmed(mesh, 0.0, 0)
    cut = _cut(replace(mesh, normals=normals), edges, side, level, support)
    kept, islands = _without_islands(cut, support)
    left = cut.of_faces(kept)
    assert left.normals is not None

    def near_enough(rows: NDArray[np.int64], places: NDArray[np.float64]) -> NDArray[np.bool_]:
        assert left.normals is not None
        return support.at(places, left.normals[rows]) <= HOLE

    vertices = smooth_rim(left.vertices, left.normals, left.faces, near_enough)
    return Trimmed(replace(left, vertices=vertices), 1 - _areas(left).sum() / _areas(mesh).sum(), islands)


def _level(
    mesh: Mesh, normals: NDArray[np.floating], edges: NDArray[np.int64], support: Support
) -> NDArray[np.float64]:
    """(v,) below zero where the mesh is to stay: the support less ``REACH``, smooth, with gaps filled."""
    found = support.at(mesh.vertices, normals)
    smooth = _smooth(mesh, edges, found, float(np.median(support.spacing)))
    level = np.maximum(smooth, found - _SLACK) - REACH
    level[_gaps(mesh, edges, level >= 0, found, support)] = -REACH
    return np.asarray(level)


def _smooth(
    mesh: Mesh, edges: NDArray[np.int64], found: NDArray[np.float64], spacing: float
) -> NDArray[np.float64]:
    """The support ``found`` (v,), averaged over about a spacing of the scan near where it is ``REACH``.

    The rim would else show every point of the scan that stands at the edge.
    """
    smooth = np.minimum(found, HOLE + 1)  # what lies far beyond must not count for more
    rows = np.flatnonzero(np.abs(found - REACH) < _BAND)
    if not len(rows):
        return smooth
    near = edges[(np.abs(found[edges] - REACH) < _BAND).any(axis=1)]
    length = float(np.median(np.linalg.norm(mesh.vertices[near[:, 1]] - mesh.vertices[near[:, 0]], axis=1)))
    graph = _graph(near, len(found))[rows]
    mean = diags_array(1 / np.maximum(graph.sum(axis=1), 1)) @ graph
    # Half a step to the mean of the neighbours spreads by half an edge, r of them by sqrt(r) halves.
    for _ in range(round(min((2 * spacing / max(length, 1e-300)) ** 2, _MOST_ROUNDS))):
        smooth[rows] = (smooth[rows] + mean @ smooth) / 2
    return smooth


def _gaps(
    mesh: Mesh,
    edges: NDArray[np.int64],
    beyond: NDArray[np.bool_],
    found: NDArray[np.float64],
    support: Support,
) -> NDArray[np.int64]:
    """Those vertices ``beyond`` (v,) that stay all the same, because they only make up a gap."""
    _, part = connected_components(_graph(edges[beyond[edges].all(axis=1)], len(found)), directed=False)
    rows = np.flatnonzero(beyond)
    farthest = np.zeros(len(found))
    np.maximum.at(farthest, part[rows], found[rows])
    narrow = farthest <= HOLE
    # Small parts that get beyond HOLE may owe it to their normals alone, but then not more than this.
    turned = ~narrow & (farthest <= np.sqrt(HOLE**2 + 2 * ANGLE))
    wide = rows[turned[part[rows]]]
    area = np.bincount(mesh.faces.reshape(-1), np.repeat(_areas(mesh) / 3, 3), minlength=len(found))[wide]
    size = np.bincount(part[wide], area / support.spacing_at(mesh.vertices[wide]) ** 2, minlength=len(found))
    small = wide[size[part[wide]] <= GAP]
    farthest[part[small]] = 0
    np.maximum.at(farthest, part[small], support.at(mesh.vertices[small], None))
    narrow[part[small]] = farthest[part[small]] <= HOLE
    return rows[narrow[part[rows]]]


def _graph(edges: NDArray[np.int64], vertices: int) -> csr_array:
    """Symmetric adjacency (v, v) of ones."""
    start, stop = edges.astype(np.int32).T
    rows, columns = np.concatenate([start, stop]), np.concatenate([stop, start])
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(vertices, vertices))


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
        far = far[support.at(new(mesh.vertices)[far], _unit(new(mesh.normals)[far])) > REACH + _SLACK]
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


def _areas(mesh: Mesh) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(area_vectors(mesh.vertices, mesh.faces), axis=1))


def _without_islands(mesh: Mesh, support: Support) -> tuple[NDArray[np.bool_], int]:
    """Which faces (f,) belong to no island, and how many islands there are."""
    count, part = face_components(mesh.faces, len(mesh.vertices))
    if count <= 1:
        return np.ones(len(mesh.faces), dtype=bool), 0
    area = _areas(mesh)
    size = np.bincount(part, area, minlength=count)
    others = np.flatnonzero(part != np.argmax(size))
    spacing = support.spacing_at(mesh.vertices[mesh.faces[others]].mean(axis=1))
    points = np.bincount(part[others], area[others] / spacing**2, minlength=count)
    island = points < min(ISLAND, ISLAND_SHARE * len(support.points))
    island[np.argmax(size)] = False
    return ~island[part], int(island.sum())
