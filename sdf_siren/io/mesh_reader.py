"""``read_mesh``: triangles from PLY by our own reader, from OBJ, STL, OFF and GLB by trimesh."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh, vertex_normals
from sdf_siren.errors import InputError
from sdf_siren.io.glb import check_glb
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.ply import read_ply_mesh
from sdf_siren.io.raw_points import RawPoints, as_colours, as_normals, as_single, joined
from sdf_siren.io.vertex_files import has_off_colours, read_vertices
from sdf_siren.srgb import from_linear

MESH_SUFFIXES = frozenset({".ply", ".obj", ".stl", ".off", ".glb"})

_SPLIT_AT_SEAMS = frozenset({".obj", ".stl", ".glb"})
"""Formats that repeat a vertex per face, texture seam or material; only its position says it is one."""


def read_mesh(path: str | os.PathLike[str]) -> Mesh:
    """Read a triangle mesh; polygons are cut into triangles.

    Vertices of OBJ, STL and GLB files at exactly the same position are joined, since these formats
    repeat them; the first one's colour stays. Normals are read from PLY only; they are None otherwise.
    Colours are read from all but STL (of GLB to 8 bits of linear light), scalars from PLY (every other
    property of floating type) and GLB (attributes ``_NAME``).

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
    """The vertices of a mesh that its faces use, with their normals, colours and intensity, as a scan.

    Normals that the file lacks are the area-weighted means over the faces around a vertex.
    """
    mesh = read_mesh(path)
    normals = vertex_normals(mesh.vertices, mesh.faces) if mesh.normals is None else mesh.normals
    used = np.zeros(len(mesh.vertices), dtype=bool)
    used[mesh.faces] = True
    yield RawPoints(
        mesh.vertices[used],
        as_normals(normals[used]),
        None if mesh.colours is None else mesh.colours[used],
        (f"the {int(used.sum())} vertices of a mesh with {len(mesh.faces)} faces are used as the scan",),
        intensity=mesh.scalars["intensity"][used] if "intensity" in mesh.scalars else None,
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
        mesh = Mesh(
            np.asarray(loaded.vertices, dtype=np.float64),
            np.asarray(loaded.faces, dtype=np.int64),
            colours=_off_colours(path) if suffix == ".off" else _colours(loaded, linear=suffix == ".glb"),
            scalars=_scalars(loaded),
        )
        return _joined(mesh) if suffix in _SPLIT_AT_SEAMS else mesh
    except Exception as error:  # its parsers raise whatever they stumble over in a damaged file
        raise InputError(f"{path}: not a readable {suffix[1:].upper()} mesh ({one_line(error)})") from None


def _colours(loaded: Any, linear: bool) -> NDArray[np.uint8] | None:
    """The colours (v, 3) of trimesh's vertices, if the file gave them any."""
    if loaded.visual.kind != "vertex":
        return None
    colours = np.asarray(loaded.visual.vertex_colors, dtype=np.uint8)[:, :3]
    return from_linear(colours / 255) if linear else colours


def _off_colours(path: Path) -> NDArray[np.uint8] | None:
    """The colours of the vertices of a COFF file, which trimesh skips."""
    if not has_off_colours(path):
        return None
    colours = joined(list(read_vertices(path))).colours
    return None if colours is None else as_colours(colours)


def _scalars(loaded: Any) -> dict[str, NDArray[np.float32]]:
    """Attributes ``_NAME`` of a GLB file that have one number per vertex, by name."""
    found = {}
    for name, values in loaded.vertex_attributes.items():
        numbers = np.asarray(values)
        if name.startswith("_") and numbers.dtype.kind == "f" and numbers.size == len(loaded.vertices):
            found[name[1:].lower()] = as_single(numbers.reshape(-1))
    return found


def _joined(mesh: Mesh) -> Mesh:
    """Vertices at the same position made one; faces that collapse by it are dropped."""
    if not len(mesh.vertices):
        return mesh
    order = np.lexsort(mesh.vertices.T)  # stable: of equal ones the first of the file comes first
    ordered = mesh.vertices[order]
    starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    if starts.all():
        return mesh  # in the order of the file
    label = np.empty(len(ordered), dtype=np.int64)
    label[order] = order[starts][np.cumsum(starts) - 1]
    a, b, c = label[mesh.faces].T
    proper = (a != b) & (b != c) & (c != a)
    whole = Mesh(mesh.vertices, np.stack([a, b, c], axis=1), None, mesh.colours, mesh.scalars)
    return whole.of_faces(proper)


def _check_obj(path: Path, data: bytes) -> None:
    """Refuse corner numbers that the file is too short to have vertices for: trimesh allocates by them."""
    most = len(data) // len(b"v 0 0 0\n")
    digits = len(str(most)) + 1
    joined = data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    found = re.search(rb"(?:^|[\r\n])[ \t]*f[^\r\n]*?(\d{%d,})" % digits, joined)
    if found:
        corner = found.group(1)[:12].decode("ascii")
        raise InputError(f"{path}: a face refers to vertex {corner}, beyond the {most} it has room for")
