"""Splitting edges where a mesh is too flat for the surface that it stands for.

Marching cubes puts triangles of the same size everywhere. Along an edge e with unit normals n_a, n_b at
its ends the surface rises about ``e . (n_b - n_a) / 8`` above the chord. Edges that miss more than a
tolerance are split at that height, and a Newton step takes the new vertex onto the level set. A finer
lattice would do the same at four times the price, in flat places too.

Both faces of an edge see the same split, so what was watertight remains so.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import edges_and_sides

ROUNDS = 2
"""Each halves the edges that are still too long."""


class OntoSurface(Protocol):
    """Takes vertices (v, 3) onto the surface and tells their unit normals (v, 3)."""

    def __call__(
        self, vertices: NDArray[np.float64], /
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]: ...


def refine(
    vertices: NDArray[np.float64],
    normals: NDArray[np.float32],
    faces: NDArray[np.int64],
    tolerance: float,
    onto_surface: OntoSurface,
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.int64]]:
    """The mesh with edges split until they are within ``tolerance`` of the surface, or twice.

    Args:
        vertices: (v, 3), on the surface.
        normals: (v, 3), unit.
        faces: (f, 3).
        tolerance: largest height of the surface over an edge, in the units of the vertices.
        onto_surface: for new vertices.
    """
    for _ in range(ROUNDS):
        edges, side = edges_and_sides(faces, len(vertices))
        chord = vertices[edges[:, 1]] - vertices[edges[:, 0]]
        height = np.einsum("ij,ij->i", chord, normals[edges[:, 1]] - normals[edges[:, 0]]) / 8
        split = np.abs(height) > tolerance
        if not split.any():
            break
        a, b = edges[split].T
        middle = normals[a] + normals[b].astype(np.float64)
        middle /= np.linalg.norm(middle, axis=1, keepdims=True).clip(1e-9)
        added, added_normals = onto_surface((vertices[a] + vertices[b]) / 2 + middle * height[split, None])
        number = np.full(len(edges), -1)
        number[split] = np.arange(len(a)) + len(vertices)
        faces = split_faces(faces, number[side])
        vertices, normals = np.concatenate([vertices, added]), np.concatenate([normals, added_normals])
    return vertices, normals, faces


def split_faces(faces: NDArray[np.int64], added: NDArray[np.int64]) -> NDArray[np.int64]:
    """Faces after each side got the vertex ``added`` (f, 3), -1 for none."""
    has = added >= 0
    count = has.sum(axis=1)
    parts = [faces[count == 0]]
    # Turned so that the sides that are split come first: one, the first two, or all three.
    for split, first in ((1, has), (2, has & np.roll(has, -1, axis=1)), (3, has)):
        rows = np.flatnonzero(count == split)
        turn = (np.argmax(first[rows], axis=1)[:, None] + np.arange(3)) % 3
        a, b, c = np.take_along_axis(faces[rows], turn, axis=1).T
        ab, bc, ca = np.take_along_axis(added[rows], turn, axis=1).T
        triangles = {
            1: [(a, ab, c), (ab, b, c)],
            2: [(ab, b, bc), (a, ab, bc), (a, bc, c)],
            3: [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)],
        }[split]
        parts += [np.stack(triangle, axis=1) for triangle in triangles]
    return np.concatenate(parts)
