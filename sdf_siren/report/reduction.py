"""Fewer triangles for a page, without asking what they are for."""

from __future__ import annotations

import numpy as np

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity

_HASTE = (3, 7)
"""How fast the quadrics' threshold grows from pass to pass. The slower, the nearer the result, and the sooner
it gives up above the number asked for."""


def reduced(mesh: Mesh, faces: int) -> Mesh:
    """Positions and faces of at most ``faces`` triangles near ``mesh``; the mesh itself if it has no more.

    Edges are collapsed where that moves the surface least (Garland and Heckbert 1997, doi
    10.1145/258734.258849), by the package fast-simplification: open3d's is as good and eight times slower.
    What it leaves over, and it may where nothing can be collapsed, is cut off evenly: the number is a promise
    about the size of a page.
    """
    if len(mesh.faces) <= faces:
        return mesh
    from fast_simplification import simplify

    frame = Similarity.fitting(mesh.vertices)
    vertices = frame.to_cube(mesh.vertices).astype(np.float32)
    triangles = mesh.faces.astype(np.int32)
    for haste in _HASTE:
        vertices, triangles = simplify(vertices, triangles, target_count=faces, agg=haste)
        if len(triangles) <= faces:
            break
    if len(triangles) > faces:
        triangles = triangles[np.linspace(0, len(triangles) - 1, faces).astype(np.int64)]
    used, numbers = np.unique(triangles, return_inverse=True)
    return Mesh(frame.to_world(vertices[used]), numbers.reshape(-1, 3))
