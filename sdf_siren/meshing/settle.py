"""Coarse triangles laid as close to a level set as they can lie.

A large triangle with its corners on a curved surface is beside that surface everywhere else. What is wanted
is the least mean square of the distance over the triangles,

    integral over the mesh of  d(x)^2,   d = f / |grad f|,

with vertices moved along their normals by t. To first order d at a point with barycentric coordinates w is
d + (grad f / |grad f|) . sum_c w_c t_c n_c: linear least squares with one unknown per vertex, by a quadrature
of degree four on each triangle (Dunavant 1985). One step is enough; a second and third changed the result
of a decimation by less than a per cent.

Taking the vertices onto the level set instead makes a decimated mesh worse: the quadrics have put them beside
it, on the outer side of curves, for this very reason (figures in docs/method.md).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import cg

from sdf_siren.artifacts import area_vectors
from sdf_siren.fields import Field
from sdf_siren.meshing.edges import mean_edges

Doubles = NDArray[np.float64]

DAMPING = 1e-2
"""Of the diagonal: for vertices of a plane, which may slide where they like."""

TOLERANCE = 1e-4
"""Of the linear solve, relative; far below what linearising costs."""

_OUTER, _INNER = 0.445948490915965, 0.091576213509771
_CORNERS = np.concatenate([[np.roll([1 - 2 * a, a, a], k) for k in range(3)] for a in (_OUTER, _INNER)])
"""Barycentric coordinates (6, 3) of the points of the quadrature."""

_WEIGHTS = np.repeat([0.223381589678011, 0.109951743655322], 3)

_FACES_AT_ONCE = 1 << 16


def settled(
    field: Field,
    vertices: Doubles,
    faces: NDArray[np.int64],
    *,
    device: torch.device | str = "cpu",
) -> Doubles:
    """Vertices (v, 3) moved along the field's gradients until the faces lie closest to its level set.

    No vertex moves farther than half of its mean edge. Triangles that are farther from any level set than
    their size, as of holes that were filled, do not count, and none is turned over.

    Args:
        field: in the cube.
        vertices: (v, 3) in the cube.
        faces: (f, 3).
        device: where the field is.
    """
    directions = _unit(distance_and_direction(field, vertices, device)[1])
    matrix = coo_array((len(vertices), len(vertices))).tocsr()
    slope = np.zeros(len(vertices))
    for start in range(0, len(faces), _FACES_AT_ONCE):
        some = faces[start : start + _FACES_AT_ONCE]
        squares, products = _normal_equations(field, vertices[some], directions[some], device)
        row, column = np.repeat(some, 3, axis=1), np.tile(some, (1, 3))
        matrix += coo_array((squares.ravel(), (row.ravel(), column.ravel())), shape=matrix.shape).tocsr()
        slope += np.bincount(some.ravel(), products.ravel(), len(vertices))
    diagonal = matrix.diagonal()
    free = diagonal > 0
    scale = np.where(free, (1 + DAMPING) * diagonal, 1.0)
    matrix = matrix + diags_array(scale - diagonal)
    step, _ = cg(matrix, -slope, rtol=TOLERANCE, maxiter=200, M=diags_array(1 / scale))
    most = mean_edges(vertices, faces) / 2
    return _without_turning(vertices, np.clip(step, -most, most)[:, None] * directions, faces)


def distance_and_direction(
    field: Field, points: Doubles, device: torch.device | str
) -> tuple[Doubles, Doubles]:
    """First-order distances (n,) from the level set, and gradients (n, 3), at ``points`` (n, 3)."""
    value, gradient = field.value_and_gradient(torch.from_numpy(points.astype(np.float32)).to(device))
    slopes = gradient.cpu().numpy().astype(np.float64)
    length = np.linalg.norm(slopes, axis=1).clip(1e-3)
    return value[:, 0].cpu().numpy() / length, slopes


def _normal_equations(
    field: Field, corners: Doubles, directions: Doubles, device: torch.device | str
) -> tuple[Doubles, Doubles]:
    """Of faces with ``corners`` (f, 3, 3) that move along ``directions``: (f, 3, 3) and (f, 3)."""
    points = np.einsum("qc,fcd->fqd", _CORNERS, corners)
    distance, gradient = distance_and_direction(field, points.reshape(-1, 3), device)
    distance = distance.reshape(points.shape[:2])
    towards = _unit(gradient).reshape(points.shape)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    weight = area[:, None] * _WEIGHTS * (np.abs(distance) < sides.max(axis=1, keepdims=True))
    rows = np.einsum("fqd,fcd->fqc", towards, directions) * _CORNERS
    return (
        np.asarray(np.einsum("fq,fqc,fqe->fce", weight, rows, rows)),
        np.asarray(np.einsum("fq,fqc->fc", weight * distance, rows)),
    )


def _without_turning(vertices: Doubles, step: Doubles, faces: NDArray[np.int64]) -> Doubles:
    """Vertices after their steps, but for the steps that would turn a face over."""
    before = area_vectors(vertices, faces)
    while True:
        moved = vertices + step
        turned = np.einsum("fd,fd->f", before, area_vectors(moved, faces)) < 0
        if not turned.any():
            return moved
        step[faces[turned]] = 0  # a face whose corners all stay is as it was: this ends


def _unit(vectors: Doubles) -> Doubles:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12))
