"""What a page shows of a mesh and its scan: few enough triangles and points, and what is known at each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sdf_siren.artifacts import Mesh, vertex_normals
from sdf_siren.clouds import PointCloud
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.frames import Similarity
from sdf_siren.metrics.distance import Closest, SurfaceDistance
from sdf_siren.report.reduction import reduced

MOST_FACES = 200_000
MOST_POINTS = 100_000

ERROR = "distance of the scan"
"""The name of the colours that every mesh with a scan has."""

_AROUND = 4
"""Scan points whose distances are averaged at a vertex."""

_FAR = 4.0
"""A vertex farther than this many spacings from every point of the scan has no error: nobody looked there."""


@dataclass(frozen=True)
class Residuals:
    """Unsigned distances of the shown scan points to the mesh, world units."""

    median: float
    p95: float
    largest: float


@dataclass(frozen=True)
class Exhibit:
    """A mesh and its scan, measured in full and reduced for a page.

    Attributes:
        mesh: reduced; normals, colours and scalars are those of the full mesh at the closest place, and the
            scalar ``ERROR`` is the mean signed distance of the scan's points around a vertex, NaN where there
            are none.
        points: (n, 3) float64, a part of the scan, evenly drawn; none without a scan.
        distances: (n,) float32, signed, of ``points`` to the full mesh: positive outside.
        point_colours: (n, 3) uint8, or None.
        faces_in_all: of the full mesh.
        points_in_all: of the whole scan.
        residuals: of ``distances``, None without a scan.
    """

    mesh: Mesh
    points: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    distances: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    point_colours: NDArray[np.uint8] | None = None
    faces_in_all: int = 0
    points_in_all: int = 0
    residuals: Residuals | None = None

    @property
    def box(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest corner of all that is shown."""
        together = np.vstack([self.mesh.vertices, self.points])
        return together.min(axis=0), together.max(axis=0)


def prepared(
    mesh: Mesh, cloud: PointCloud | None, *, faces: int = MOST_FACES, points: int = MOST_POINTS
) -> Exhibit:
    """Measure and reduce.

    Args:
        mesh: with at least one face.
        cloud: its scan, or None.
        faces: largest number of faces to show.
        points: largest number of points to show.

    Raises:
        EmptySurfaceError: the mesh has no faces.
        MissingLibraryError: open3d, which finds closest places, cannot be loaded.
    """
    if not len(mesh.faces):
        raise EmptySurfaceError("there is nothing to show: the mesh has no faces")
    normals = vertex_normals(mesh.vertices, mesh.faces) if mesh.normals is None else mesh.normals
    query = SurfaceDistance(mesh, Similarity.fitting(mesh.vertices))
    small = _described(reduced(mesh, faces), mesh, normals, query)
    if cloud is None:
        return Exhibit(small, faces_in_all=len(mesh.faces))
    # Every k-th point: scans are stored along the scanner's path, so this thins them evenly.
    rows = np.arange(0, len(cloud), -(-len(cloud) // points))
    shown = cloud.points[rows]
    found = query.closest(shown)
    signed = found.distance * _sides(shown, found, mesh, normals)
    median, high = np.quantile(found.distance, [0.5, 0.95])
    errors = _errors(small.vertices, shown, signed)
    return Exhibit(
        Mesh(small.vertices, small.faces, small.normals, small.colours, {ERROR: errors, **small.scalars}),
        shown,
        signed.astype(np.float32),
        None if cloud.colours is None else cloud.colours[rows],
        len(mesh.faces),
        len(cloud),
        Residuals(float(median), float(high), float(found.distance.max())),
    )


def _described(small: Mesh, mesh: Mesh, normals: NDArray[Any], query: SurfaceDistance) -> Mesh:
    """The reduced mesh with what the full one has at the closest places."""
    if small is mesh:
        return Mesh(mesh.vertices, mesh.faces, normals, mesh.colours, mesh.scalars)
    found = query.closest(small.vertices)
    colours = None if mesh.colours is None else np.round(_blend(mesh.colours, mesh, found)).astype(np.uint8)
    scalars = {name: _blend(value, mesh, found).astype(np.float32) for name, value in mesh.scalars.items()}
    blended = _blend(normals, mesh, found).astype(np.float32)
    return Mesh(small.vertices, small.faces, blended, colours, scalars)


def _blend(values: NDArray[Any], mesh: Mesh, found: Closest) -> NDArray[np.float64]:
    """Values of the mesh's vertices (v, ...) at closest places (n, ...)."""
    return np.asarray(np.einsum("nk,nk...->n...", found.weights, values[mesh.faces[found.faces]]))


def _sides(
    points: NDArray[np.float64], found: Closest, mesh: Mesh, normals: NDArray[Any]
) -> NDArray[np.float64]:
    """1 outside and -1 inside, by the normal blended between the corners.

    A face's own normal can have a point beyond its edge on the wrong side (Baerentzen and Aanaes 2005,
    doi 10.1109/TVCG.2005.49); that of the surface around does not.
    """
    offset = points - _blend(mesh.vertices, mesh, found)
    return np.where(np.einsum("ij,ij->i", offset, _blend(normals, mesh, found)) < 0, -1.0, 1.0)


def _errors(
    vertices: NDArray[np.float64], points: NDArray[np.float64], signed: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The mean of ``signed`` over the points nearest to each vertex, NaN far from all of them."""
    tree, count = KDTree(points), min(_AROUND, len(points))
    distance, rows = tree.query(vertices, k=[*range(1, count + 1)])
    some = points[:: max(1, len(points) // 2000)]
    apart = tree.query(some, k=[min(2, len(points))])[0]
    errors = signed[rows].mean(axis=1)
    return np.where(distance[:, 0] > _FAR * np.median(apart), np.nan, errors).astype(np.float32)
