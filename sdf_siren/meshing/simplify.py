"""Fewer triangles: edges collapsed where the quadric error is least (Garland and Heckbert 1997), by libigl.

Its decimation collapses an edge only where the mesh stays a surface (the link condition), which open3d's and
fast-simplification do not check: of six decimations of scans the latter left edges with three faces in
each. It was also nearer to the surface than both, by half of open3d's error on the skull (docs/method.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdf_siren.meshing.edges import is_manifold, with_rims_apart

FEWEST = 4
"""Faces of the smallest closed surface."""


def simplify(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], most: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices and faces of a mesh with ``most`` faces, or the fewest that keep its components and handles.

    A closed mesh stays closed, the rim of an open one keeps its shape.

    Args:
        vertices: (v, 3) about the origin and of about unit size: costs are squares of differences.
        faces: (f, 3).
        most: from 4 on.

    Raises:
        ValueError: an edge has more than two faces, or two that do not go with each other.
    """
    import igl

    if len(faces) <= most:
        return vertices, faces
    if not is_manifold(faces, len(vertices)):
        raise ValueError("expected a mesh with at most two faces at every edge")
    faces, origin = with_rims_apart(faces, len(vertices))  # else libigl gives nothing back
    fewer = igl.qslim(np.asfortranarray(vertices[origin]), np.asfortranarray(faces, np.int32), most)
    return np.ascontiguousarray(fewer[0]), np.ascontiguousarray(fewer[1], np.int64)
