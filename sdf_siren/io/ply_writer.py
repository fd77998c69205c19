"""Meshes as binary PLY, with everything that a mesh has."""

from __future__ import annotations

from typing import IO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.io.precision import needs_double


def write_ply(mesh: Mesh, file: IO[bytes]) -> None:
    """Write ``mesh``: ``x y z``, ``nx ny nz``, ``red green blue`` and a float property for each scalar.

    Coordinates are float unless that would round them by more than 1e-6 of the extent; then double.
    """
    import plyfile

    vertices = _vertices(mesh)
    faces = np.empty(len(mesh.faces), dtype=[("vertex_indices", "<i4", (3,))])
    faces["vertex_indices"] = mesh.faces
    elements = [plyfile.PlyElement.describe(vertices, "vertex"), plyfile.PlyElement.describe(faces, "face")]
    header = plyfile.PlyData(elements, byte_order="<").header
    # plyfile writes lists row by row; a list of three is a row of fixed size.
    rows = np.empty(len(faces), dtype=[("length", "u1"), ("corners", "<i4", (3,))])
    rows["length"], rows["corners"] = 3, faces["vertex_indices"]
    file.write(header.encode("ascii") + b"\n")
    file.write(vertices.data)
    file.write(rows.data)


def _vertices(mesh: Mesh) -> NDArray[np.void]:
    """The vertices as rows of a structured array, one field per property."""
    real = "<f8" if needs_double(mesh.vertices) else "<f4"
    columns: list[tuple[str, str, NDArray[np.generic]]] = []
    columns += [(name, real, values) for name, values in zip("xyz", mesh.vertices.T, strict=True)]
    if mesh.normals is not None:
        columns += [
            (name, "<f4", values) for name, values in zip(("nx", "ny", "nz"), mesh.normals.T, strict=True)
        ]
    if mesh.colours is not None:
        names = ("red", "green", "blue")
        columns += [(name, "u1", values) for name, values in zip(names, mesh.colours.T, strict=True)]
    columns += [(name, "<f4", values) for name, values in mesh.scalars.items()]
    vertices = np.empty(len(mesh.vertices), dtype=[(name, kind) for name, kind, _ in columns])
    for name, _, values in columns:
        vertices[name] = values
    return vertices
