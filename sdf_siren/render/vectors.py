"""Arithmetic of many vectors at once."""

from __future__ import annotations

import numpy as np

from sdf_siren.render.camera import Floats


def dot(a: Floats, b: Floats) -> Floats:
    """Inner products (n,) of the rows of ``a`` (n, 3) with those of ``b`` (n, 3), or with one vector (3,)."""
    return np.asarray(a @ b if b.ndim == 1 else np.einsum("ij,ij->i", a, b))


def unit(vectors: Floats) -> Floats:
    """Vectors (n, 3) at length one; those without length stay as they are."""
    return np.asarray(vectors / np.maximum(np.sqrt(dot(vectors, vectors)), 1e-12)[:, None])


def tangents(normals: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors at right angles to each normal and each other (Duff et al. 2017, JCGT 6(1))."""
    x, y, z = normals.T
    sign = np.copysign(np.float32(1), z)
    a = -1 / (sign + z)
    b = x * y * a
    return (
        np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1),
        np.stack([b, sign + y * y * a, -y], axis=1),
    )
