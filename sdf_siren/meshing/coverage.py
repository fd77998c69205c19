"""What of a mesh is measured, and what of a scan has no mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.artifacts import Mesh, area_vectors, face_areas
from sdf_siren.clouds.support import FAR, Support

SUPPORT_BEYOND = (2.0, FAR, 5.0)
"""Spacings for which :class:`Coverage` has the share of the area beyond."""

_LOOKED_AT = 100_000
"""Faces of the mesh, and points of the scan, that are looked at: enough for a share to a few tenths of a per
cent."""


@dataclass(frozen=True)
class Places:
    """Places spread over a mesh.

    Attributes:
        centres: (p, 3) of faces that all stand for about as many, or vertices.
        area: (p,) of these faces, or of a third of those around the vertices.
        support: (p,) there, in spacings of a scan.
    """

    centres: NDArray[np.float64]
    area: NDArray[np.float64]
    support: NDArray[np.float64]

    @classmethod
    def on(cls, mesh: Mesh, support: Support) -> Places:
        """With their support by a scan, of which a uniform subset is enough."""
        faces = mesh.faces[:: -(-len(mesh.faces) // _LOOKED_AT)]
        vectors = area_vectors(mesh.vertices, faces)
        area = np.linalg.norm(vectors, axis=1)
        centres = mesh.vertices[faces].mean(axis=1)
        found = support.at(centres, vectors / np.maximum(area, 1e-300)[:, None])
        return cls(centres, area, found)

    @classmethod
    def at_vertices(cls, mesh: Mesh, support: Support) -> Places:
        """Of a mesh with normals that is so coarse that its vertices alone tell where the surface is."""
        area = np.zeros(len(mesh.vertices))
        np.add.at(area, mesh.faces, face_areas(mesh.vertices, mesh.faces)[:, None] / 3)
        return cls(mesh.vertices, area, support.at(mesh.vertices, mesh.normals))

    def share(self, which: NDArray[np.bool_]) -> float:
        """Of the area."""
        return float(self.area[which].sum() / (self.area.sum() or 1.0))


@dataclass(frozen=True)
class Coverage:
    """How much of a mesh is measured, and of the scan meshed.

    Attributes:
        beyond: by spacings, the share of the mesh's area that is farther from the scan.
        largest: support of the worst place, in spacings; at most ``FARTHEST``.
        missed: share of the scan's points that are farther than ``FAR`` spacings from the mesh.
    """

    beyond: dict[float, float]
    largest: float
    missed: float


def coverage(mesh: Mesh, support: Support) -> Coverage:
    """Of a mesh by a scan, and the other way round."""
    places = Places.on(mesh, support)
    beyond = {limit: places.share(places.support > limit) for limit in SUPPORT_BEYOND}
    return Coverage(beyond, float(places.support.max()), float(_missed(mesh, support).mean()))


def _missed(mesh: Mesh, support: Support) -> NDArray[np.bool_]:
    """Which of the points looked at have no part of the mesh within ``FAR`` spacings.

    Theirs or the scan's median, if that is more: beside a scanner, points stand closer than any mesh follows.
    """
    stride = -(-len(support.points) // _LOOKED_AT)
    points = support.frame.to_cube(support.points[::stride])
    spacing = support.frame.scale * support.spacing
    limit = FAR * np.maximum(spacing[::stride], np.median(spacing))
    vertices = support.frame.to_cube(mesh.vertices)
    distance = _nearest(vertices, points, limit)
    far = np.flatnonzero(np.isinf(distance))
    distance[far] = _to_faces(vertices, mesh.faces, points[far], float(limit[far].max(initial=0)))
    return distance > limit


def _nearest(
    places: NDArray[np.float64], points: NDArray[np.float64], limit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distances (n,) from points to the nearest place; infinite beyond ``limit`` (n,)."""
    tree = cKDTree(places, balanced_tree=False, compact_nodes=False)
    distance, _ = tree.query(
        points, distance_upper_bound=float(limit.max(initial=0)), workers=torch.get_num_threads()
    )
    return np.where(distance > limit, np.inf, distance)


def _to_faces(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], points: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Distances (n,) from points to the nearest face, exact up to ``reach``, more than that beyond it."""
    import igl

    if not len(points):
        return np.empty(0)
    edges = (vertices[faces[:, i]] - vertices[faces[:, i - 1]] for i in range(3))
    # Of a face within reach, a corner is no farther than that and an edge.
    reach += max(float(np.linalg.norm(edge, axis=1).max()) for edge in edges)
    near = np.isfinite(_nearest(points, vertices, np.full(len(vertices), reach)))
    some = faces[near[faces].any(axis=1)]
    if not len(some):
        return np.full(len(points), np.inf)
    squared = igl.point_mesh_squared_distance(points, vertices, some)[0]
    return np.asarray(np.sqrt(squared))
