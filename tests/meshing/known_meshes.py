"""Meshes that are known exactly, whole and damaged."""

from __future__ import annotations

import numpy as np
import trimesh

from sdf_siren.artifacts import Mesh, area_vectors, face_areas
from sdf_siren.fields.shapes import Sphere, Torus
from sdf_siren.meshing import level_set


def ball(subdivisions: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Vertices on the unit sphere, and faces."""
    shape = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(shape.vertices), np.asarray(shape.faces, np.int64)


def without(vertices: np.ndarray, faces: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is left when all faces at the vertices ``hidden`` (v,) are cut out."""
    mesh = Mesh(vertices, faces).of_faces(~hidden[faces].any(axis=1))
    return mesh.vertices, mesh.faces


def extracted(field: Sphere | Torus, resolution: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """The level set of a shape as marching cubes find it."""
    return level_set(field, resolution)[:2]


def unit_faces(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (f, 3) of faces."""
    normals = area_vectors(vertices, faces)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def samples(vertices: np.ndarray, faces: np.ndarray, count: int = 20_000) -> np.ndarray:
    """Points (n, 3) uniform over the area."""
    rng = np.random.default_rng(0)
    area = face_areas(vertices, faces)
    corners = vertices[faces[rng.choice(len(faces), count, p=area / area.sum())]]
    return np.einsum("nk,nkd->nd", rng.dirichlet(np.ones(3), count), corners)
