"""Which part of a mesh is to stay: what a scan supports, with a smooth rim and without holes by chance.

Points that are scattered at random leave gaps: of the places in a uniformly sampled plane, 4 % are farther
than one spacing from all points, 3 in a million farther than two, 5 in 10^13 farther than three. So what is
beyond ``REACH`` is only cut where it gets beyond ``FAR`` somewhere; else it is a gap and stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components

from sdf_siren.artifacts import Mesh, face_areas
from sdf_siren.clouds.support import ANGLE, FAR, Support

REACH = 2.0

GAP = 12.0
"""Squares of a spacing: a disc of radius 2. Small parts that are beyond ``FAR`` not by their distance but by
the turns of a rough surface are gaps too."""

SETTLED = 4.5
"""So many spacings from all points, nothing is kept, and nothing farther away matters to what is: of a part
that gets beyond ``sqrt(FAR^2 + 2 ANGLE)`` it does not matter how large it is."""

SLACK = 0.75
"""How much smoothing may take from the support: no vertex beyond ``REACH + SLACK`` is kept at the rim."""

_BAND, _MOST_ROUNDS = 1.75, 100  # how far from ``REACH`` it is smoothed, and how often at most


def level_of(
    mesh: Mesh, normals: NDArray[np.floating], edges: NDArray[np.int64], support: Support
) -> NDArray[np.float64]:
    """(v,) below zero where the mesh is to stay: the support less ``REACH``, smooth, with gaps filled.

    Args:
        mesh: before it is cut.
        normals: (v, 3) unit normals of it.
        edges: (e, 2) of it.
        support: the scan.
    """
    found = support.at(mesh.vertices, normals)
    smooth = _smooth(mesh, edges, found, float(np.median(support.spacing)))
    level = np.maximum(smooth, found - SLACK) - REACH
    level[_gaps(mesh, edges, level >= 0, found, support)] = -REACH
    return np.asarray(level)


def _smooth(
    mesh: Mesh, edges: NDArray[np.int64], found: NDArray[np.float64], spacing: float
) -> NDArray[np.float64]:
    """The support ``found`` (v,), averaged over about a spacing of the scan near where it is ``REACH``.

    The rim would else show every point of the scan that stands at the edge.
    """
    smooth = np.minimum(found, FAR + 1)  # what lies far beyond must not count for more
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
    narrow = farthest <= FAR
    # Small parts that get beyond FAR may owe it to their normals alone, but then not more than this.
    turned = ~narrow & (farthest <= np.sqrt(FAR**2 + 2 * ANGLE))
    wide = rows[turned[part[rows]]]
    area = face_areas(mesh.vertices, mesh.faces)
    area = np.bincount(mesh.faces.reshape(-1), np.repeat(area / 3, 3), minlength=len(found))[wide]
    size = np.bincount(part[wide], area / support.spacing_at(mesh.vertices[wide]) ** 2, minlength=len(found))
    small = wide[size[part[wide]] <= GAP]
    farthest[part[small]] = 0
    np.maximum.at(farthest, part[small], support.at(mesh.vertices[small], None))
    narrow[part[small]] = farthest[part[small]] <= FAR
    return rows[narrow[part[rows]]]


def _graph(edges: NDArray[np.int64], vertices: int) -> csr_array:
    """Symmetric adjacency (v, v) of ones."""
    start, stop = edges.astype(np.int32).T
    rows, columns = np.concatenate([start, stop]), np.concatenate([stop, start])
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(vertices, vertices))
