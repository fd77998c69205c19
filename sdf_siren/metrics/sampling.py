"""Points spread evenly over a triangle mesh.

A mean over vertices weighs a mesh by its tessellation; a mean over these samples weighs it by area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh, area_vectors, face_areas
from sdf_siren.errors import InputError


@dataclass(frozen=True)
class SurfaceSamples:
    """Points on a mesh and where they lie on it.

    Attributes:
        points: (n, 3) float64, world coordinates.
        faces: (n,) int64, the face of each point.
        weights: (n, 3) float64 barycentric weights of the face's corners; rows sum to 1.
    """

    points: NDArray[np.float64]
    faces: NDArray[np.int64]
    weights: NDArray[np.float64]


def face_normals(mesh: Mesh) -> NDArray[np.float64]:
    """Unit face normals (f, 3); zero for faces without area."""
    vectors = area_vectors(mesh.vertices, mesh.faces)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0))


def sample_surface(mesh: Mesh, count: int, seed: int = 0) -> SurfaceSamples:
    """``count`` points, uniform by area; the same seed gives the same points.

    Stratified along the faces: the surface is cut into ``count`` pieces of equal area in face order
    and each gets one point, so a face's share is off by less than two points, where independent
    draws would scatter by the square root of its share.

    Raises:
        InputError: the mesh has no area.
    """
    if count < 1:
        raise ValueError(f"expected at least one sample, found {count}")
    cumulative = np.cumsum(face_areas(mesh.vertices, mesh.faces))
    if not len(cumulative) or not 0 < cumulative[-1] < np.inf:
        raise InputError("a mesh to sample needs faces with a finite area above zero; this one has none")
    generator = np.random.default_rng(seed)
    position = (np.arange(count) + generator.random(count)) * (cumulative[-1] / count)
    # The last occupied face bounds the search: rounding may push the last position to the very end.
    last = int(np.searchsorted(cumulative, cumulative[-1]))
    faces = np.minimum(np.searchsorted(cumulative, position, side="right"), last).astype(np.int64)
    # Uniform on a triangle: the square root makes up for the area shrinking towards the corner.
    root, along = np.sqrt(generator.random(count)), generator.random(count)
    weights = np.stack([1 - root, root * (1 - along), root * along], axis=1)
    points = np.einsum("nk,nkd->nd", weights, mesh.vertices[mesh.faces[faces]])
    return SurfaceSamples(points, faces, weights)
