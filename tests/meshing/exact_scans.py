"""Points and meshes of exact surfaces, for the tests of what a scan supports."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds.support import Support
from sdf_siren.fields import Field
from sdf_siren.frames import Similarity
from sdf_siren.meshing import level_set

UNIT = Similarity((0.0, 0.0, 0.0), 1.0)


def mesh_of(shape: Field, resolution: int = 96) -> Mesh:
    """The level set of an exact shape in the cube, with its exact normals."""
    vertices, faces, _ = level_set(shape, resolution)
    _, gradient = shape.value_and_gradient(torch.from_numpy(vertices.astype(np.float32)))
    return Mesh(vertices, faces, gradient.numpy())


def on_sphere(count: int, seed: int = 0) -> NDArray[np.float64]:
    """Uniform directions (count, 3)."""
    points = np.random.default_rng(seed).standard_normal((count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def sphere_scan(count: int, lowest: float = -2.0, radius: float = 0.5, seed: int = 0) -> Support:
    """A sphere above a height, given in radii."""
    normals = on_sphere(count, seed)
    normals = normals[normals[:, 2] > lowest]
    return Support(radius * normals, normals, UNIT)


def plane_scan(count: int, half: float = 0.5, seed: int = 0) -> Support:
    """A square in the plane z = 0."""
    points = np.random.default_rng(seed).uniform(-half, half, (count, 3)) * [1, 1, 0]
    return Support(points, np.broadcast_to([0.0, 0.0, 1.0], points.shape), UNIT)


def euler(mesh: Mesh) -> int:
    """Vertices - edges + faces."""
    sides = np.sort(np.stack([mesh.faces, np.roll(mesh.faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    return len(mesh.vertices) - len(np.unique(sides, axis=0)) + len(mesh.faces)
