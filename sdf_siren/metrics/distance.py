"""Exact distances from points to a triangle mesh.

open3d finds the closest triangle, in float32, which decides between triangles that are equally near
to 1e-7 of the frame; the distance to it is then computed in float64. Distances to sampled points
instead of triangles would have a floor of half the sample spacing, far above the errors to measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.open3d_import import import_open3d


@dataclass(frozen=True)
class Closest:
    """Of n points, what of a mesh is closest to them.

    Attributes:
        distance: (n,) unsigned, world units, exact.
        faces: (n,) int64, which face.
        weights: (n, 3) of its corners: where on it, to the accuracy of float32.
    """

    distance: NDArray[np.float64]
    faces: NDArray[np.int64]
    weights: NDArray[np.float64]


class SurfaceDistance:
    """Answers how far points are from a mesh, and which of its faces is the closest.

    Args:
        mesh: with at least one face and finite vertices.
        frame: brings mesh and queries to about unit size before float32 sees them; without it an
            offset of 1e6 would cost every digit.
    """

    def __init__(self, mesh: Mesh, frame: Similarity) -> None:
        self._frame = frame
        self._triangles = frame.to_cube(mesh.vertices)[mesh.faces]
        open3d = import_open3d()
        self._tensor = open3d.core.Tensor
        self._scene = open3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            self._tensor(frame.to_cube(mesh.vertices).astype(np.float32)),
            self._tensor(mesh.faces.astype(np.uint32)),
        )

    def __call__(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Unsigned distances (n,) in world units and closest faces (n,) of world points (n, 3)."""
        found = self.closest(points)
        return found.distance, found.faces

    def closest(self, points: NDArray[np.float64]) -> Closest:
        """What of the mesh is closest to world points (n, 3)."""
        cube = self._frame.to_cube(points)
        answer = self._scene.compute_closest_points(self._tensor(cube.astype(np.float32)))
        faces = answer["primitive_ids"].numpy().astype(np.int64)
        distance = point_triangle_distance(cube, self._triangles[faces])
        second, third = answer["primitive_uvs"].numpy().astype(np.float64).T
        weights = np.stack([1 - second - third, second, third], axis=1)
        return Closest(self._frame.length_to_world(distance), faces, weights)


def point_triangle_distance(
    points: NDArray[np.float64], triangles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance (n,) of each point (n, 3) to its own triangle (n, 3 corners, 3), float64.

    The distance to the plane where the point projects into the triangle, else to the nearest of the
    three edges; triangles without area are the union of their edges.
    """
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    normal = np.cross(b - a, c - a)
    squared = _dot(normal, normal)
    to_point = points - a
    second = _dot(np.cross(to_point, c - a), normal)
    third = _dot(np.cross(b - a, to_point), normal)
    inside = (squared > 0) & (second >= 0) & (third >= 0) & (second + third <= squared)
    length = np.sqrt(np.where(inside, squared, 1.0))
    plane = np.abs(_dot(to_point, normal)) / length
    edges = np.minimum(
        np.minimum(_to_segment(points, a, b), _to_segment(points, b, c)), _to_segment(points, c, a)
    )
    return np.where(inside, plane, edges)


def _to_segment(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    along, offset = end - start, points - start
    squared = _dot(along, along)
    share = np.divide(_dot(offset, along), squared, out=np.zeros_like(squared), where=squared > 0)
    return np.asarray(np.linalg.norm(offset - np.clip(share, 0, 1)[:, None] * along, axis=1))


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("ij,ij->i", a, b))
