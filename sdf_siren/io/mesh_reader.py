"""``read_mesh``: triangles from PLY by our own reader, from OBJ, STL, OFF and GLB by trimesh."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh, vertex_normals
from sdf_siren.errors import InputError
from sdf_siren.io.glb import check_glb
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.ply import read_ply_mesh
from sdf_siren.io.raw_points import RawPoints, as_normals

MESH_SUFFIXES = frozenset({".ply", ".obj", ".stl", ".off", ".glb"})

_SPLIT_AT_SEAMS = frozenset({".obj", ".stl", ".glb"})
"""Formats that repeat a vertex per face, texture seam or material; only its position says it is one."""


def read_mesh(path: str | os.PathLike[str]) -> Mesh:
    """Read a triangle mesh; polygons are cut into triangles.

    Vertices of OBJ, STL and GLB files at exactly the same position are joined, since these formats
    repeat them. Normals are read from PLY only; they are None otherwise.

    Raises:
        InputError: the file cannot be read, is no mesh, or its faces and vertices contradict.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in MESH_SUFFIXES:
        checked_size(path)
        known = " ".join(sorted(MESH_SUFFIXES))
        raise InputError(f"{path}: cannot read the mesh format {suffix!r}; expected one of {known}")
    mesh = read_ply_mesh(path) if suffix == ".ply" else _read_with_trimesh(path, suffix)
    if not len(mesh.faces):
        raise InputError(f"{path}: expected a mesh, found no triangles")
    if not np.isfinite(mesh.vertices).all():
        raise InputError(f"{path}: expected finite vertices, found NaN or infinity")
    return mesh


def read_mesh_points(path: Path) -> Iterator[RawPoints]:
    """The vertices of a mesh that its faces use, with their normals, as a scan.

    Normals that the file lacks are the area-weighted means over the faces around a vertex.
    """
    mesh = read_mesh(path)
    normals = vertex_normals(mesh.vertices, mesh.faces) if mesh.normals is None else mesh.normals
    used = np.zeros(len(mesh.vertices), dtype=bool)
    used[mesh.faces] = True
    yield RawPoints(
        mesh.vertices[used],
        as_normals(normals[used]),
        None,
        (f"the {int(used.sum())} vertices of a mesh with {len(mesh.faces)} faces are used as the scan",),
    )


def _read_with_trimesh(path: Path, suffix: str) -> Mesh:
    import trimesh

    checked_size(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if suffix == ".glb":
        check_glb(path)
    if suffix == ".obj":
        _check_obj(path, data)
    try:
        # A stream has no folder: materials, textures and buffers in other files are never opened.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = trimesh.load_mesh(
                io.BytesIO(data),
                file_type=suffix[1:],
                process=False,
                maintain_order=True,
                skip_materials=True,
            )
        vertices = np.asarray(loaded.vertices, dtype=np.float64).reshape(-1, 3)
        faces = np.asarray(loaded.faces, dtype=np.int64).reshape(-1, 3)
        if suffix in _SPLIT_AT_SEAMS:
            vertices, faces = _joined(vertices, faces)
        return Mesh(vertices, faces)
    except Exception as error:  # its parsers raise whatever they stumble over in a damaged file
        raise InputError(f"{path}: not a readable {suffix[1:].upper()} mesh ({one_line(error)})") from None


def _joined(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices at the same position made one; faces that collapse by it are dropped."""
    if not len(vertices):
        return vertices, faces
    order = np.lexsort(vertices.T)
    ordered = vertices[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    if starts.all():
        return vertices, faces  # in the order of the file
    label = np.empty(len(vertices), dtype=np.int64)
    label[order] = np.cumsum(starts) - 1
    faces = label[faces]
    a, b, c = faces.T
    return ordered[starts], faces[(a != b) & (b != c) & (c != a)]


def _check_obj(path: Path, data: bytes) -> None:
    """Refuse corner numbers that the file is too short to have vertices for: trimesh allocates by them."""
    most = len(data) // len(b"v 0 0 0\n")
    digits = len(str(most)) + 1
    joined = data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    found = re.search(rb"(?:^|[\r\n])[ \t]*f[^\r\n]*?(\d{%d,})" % digits, joined)
    if found:
        corner = found.group(1)[:12].decode("ascii")
        raise InputError(f"{path}: a face refers to vertex {corner}, beyond the {most} it has room for")
