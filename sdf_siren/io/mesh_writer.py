"""``write_mesh``: PLY, OBJ and OFF by our own writers, STL and GLB by trimesh.

plyfile and trimesh write lists and text row by row, or with a fixed number of digits; half a
million faces and survey coordinates ask for arrays at a time and for exact numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import EmptySurfaceError, UsageError
from sdf_siren.files import atomic_path, check_output
from sdf_siren.io.precision import needs_double, single_step

_ROWS = 65536
"""Lines of text formatted at once."""


def write_mesh(mesh: Mesh, path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Write a mesh in the format that the suffix of ``path`` names, atomically.

    .ply is binary, in single precision unless that would lose more than 1e-6 of the extent; .obj
    and .off are text from which the same doubles can be read back; .stl and .glb are binary and
    always in single precision. Normals go into .ply, .obj and .glb.

    Returns:
        Notes: what of the mesh the format cannot hold.

    Raises:
        UsageError: an unknown suffix, or a path that cannot be written.
        EmptySurfaceError: the mesh has no faces; nothing is written.
    """
    path = Path(path)
    write = _WRITERS[_known_suffix(path)]
    if not len(mesh.faces):
        raise EmptySurfaceError(f"{path}: expected a mesh with faces, found none; nothing was written")
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        write(mesh, file)
    if path.suffix.lower() in (".stl", ".glb") and needs_double(mesh.vertices):
        return (
            f"{path.suffix.lower()} holds single precision only: the vertices, far from the origin, are"
            f" rounded to steps of {single_step(mesh.vertices):.3g} units; write .ply or .obj to keep them",
        )
    return ()


def check_mesh_path(path: str | os.PathLike[str]) -> None:
    """Check before the work that ``write_mesh`` will be able to write to ``path``.

    Raises:
        UsageError: an unknown suffix, a folder, or a parent folder that is missing or read-only.
    """
    path = Path(path)
    _known_suffix(path)
    check_output(path)


def _known_suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        known = " ".join(_WRITERS)
        raise UsageError(f"{path}: cannot write the format {suffix!r}; expected one of {known}")
    return suffix


def _write_ply(mesh: Mesh, file: IO[bytes]) -> None:
    import plyfile

    real = "<f8" if needs_double(mesh.vertices) else "<f4"
    kinds = [(name, real) for name in ("x", "y", "z")]
    columns: list[NDArray[np.floating]] = [*mesh.vertices.T]
    if mesh.normals is not None:
        kinds += [(name, "<f4") for name in ("nx", "ny", "nz")]
        columns += [*mesh.normals.T]
    vertices = np.empty(len(mesh.vertices), dtype=kinds)
    for (name, _), values in zip(kinds, columns, strict=True):
        vertices[name] = values
    faces = np.empty(len(mesh.faces), dtype=[("vertex_indices", "<i4", (3,))])
    faces["vertex_indices"] = mesh.faces
    elements = [plyfile.PlyElement.describe(vertices, "vertex"), plyfile.PlyElement.describe(faces, "face")]
    header = plyfile.PlyData(elements, byte_order="<").header
    rows = np.empty(len(faces), dtype=[("length", "u1"), ("corners", "<i4", (3,))])
    rows["length"], rows["corners"] = 3, faces["vertex_indices"]
    file.write(header.encode("ascii") + b"\n")
    vertices.tofile(file)
    rows.tofile(file)


def _write_obj(mesh: Mesh, file: IO[bytes]) -> None:
    _write_rows(file, "v %r %r %r\n", mesh.vertices)
    corner = mesh.faces + 1
    if mesh.normals is None:
        _write_rows(file, "f %d %d %d\n", corner)
    else:
        _write_rows(file, "vn %.7g %.7g %.7g\n", mesh.normals)
        _write_rows(file, "f %d//%d %d//%d %d//%d\n", np.repeat(corner, 2, axis=1))


def _write_off(mesh: Mesh, file: IO[bytes]) -> None:
    file.write(f"OFF\n{len(mesh.vertices)} {len(mesh.faces)} 0\n".encode("ascii"))
    _write_rows(file, "%r %r %r\n", mesh.vertices)
    _write_rows(file, "3 %d %d %d\n", mesh.faces)


def _write_rows(file: IO[bytes], line: str, rows: NDArray[np.generic]) -> None:
    """One formatted line per row; the format is repeated so that Python formats thousands at once."""
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        file.write((line * len(part) % tuple(part.ravel().tolist())).encode("ascii"))


def _with_trimesh(kind: str) -> Callable[[Mesh, IO[bytes]], None]:
    def write(mesh: Mesh, file: IO[bytes]) -> None:
        import trimesh

        copy = trimesh.Trimesh(mesh.vertices, mesh.faces, vertex_normals=mesh.normals, process=False)
        data = copy.export(file_type=kind)
        assert isinstance(data, bytes)
        file.write(data)

    return write


_WRITERS: dict[str, Callable[[Mesh, IO[bytes]], None]] = {
    ".ply": _write_ply,
    ".obj": _write_obj,
    ".stl": _with_trimesh("stl"),
    ".off": _write_off,
    ".glb": _with_trimesh("glb"),
}
