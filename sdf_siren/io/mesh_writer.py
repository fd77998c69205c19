"""``write_mesh``: PLY, OBJ, OFF and GLB by our own writers, STL by trimesh.

plyfile and trimesh write lists and text row by row, with a fixed number of digits, or colours that are not
what the format says; half a million faces and survey coordinates ask for arrays at a time and exact numbers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import EmptySurfaceError, UsageError
from sdf_siren.files import atomic_path, check_output, check_suffix
from sdf_siren.io.glb_writer import write_glb
from sdf_siren.io.mesh_texts import write_obj, write_off
from sdf_siren.io.ply import NO_SCALARS
from sdf_siren.io.ply_writer import write_ply
from sdf_siren.io.precision import needs_double, single_step

_WORD = re.compile(r"[!-~]+")
"""What can be the name of a property in a PLY file."""


def write_mesh(mesh: Mesh, path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Write a mesh in the format that the suffix of ``path`` names, atomically.

    .ply is binary, in single precision unless that would lose more than 1e-6 of the extent; .obj
    and .off are text from which the same doubles can be read back; .stl and .glb are binary and
    always in single precision. Normals go into .ply, .obj and .glb, colours into all but .stl, scalars
    into .ply and .glb.

    Returns:
        Notes: what of the mesh the format cannot hold.

    Raises:
        UsageError: an unknown suffix, a path that cannot be written, vertices that are not finite or that
            the format cannot hold, or names of scalars that it cannot hold.
        EmptySurfaceError: the mesh has no faces; nothing is written.
    """
    path = Path(path)
    check_suffix(path, tuple(_FORMATS))
    if not len(mesh.faces):
        raise EmptySurfaceError(f"{path}: expected a mesh with faces, found none; nothing was written")
    _check(mesh, path)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        _FORMATS[path.suffix.lower()].write(mesh, file)
    return tuple(_lost(mesh, path.suffix.lower()))


def check_mesh_path(path: str | os.PathLike[str]) -> None:
    """Check before the work that ``write_mesh`` will be able to write to ``path``.

    Raises:
        UsageError: an unknown suffix, a folder, or a parent folder that is missing or read-only.
    """
    path = Path(path)
    check_suffix(path, tuple(_FORMATS))
    check_output(path)


def _check(mesh: Mesh, path: Path) -> None:
    """Refuse what could not be read back.

    Raises:
        UsageError: see :func:`write_mesh`.
    """
    suffix = path.suffix.lower()
    if not np.isfinite(mesh.vertices).all():
        raise UsageError(f"{path}: expected finite vertices, found NaN or infinity; nothing was written")
    if not _FORMATS[suffix].doubles and not np.isfinite(single_step(mesh.vertices)):
        raise UsageError(
            f"{path}: {suffix} holds single precision only, found a coordinate of "
            f"{np.abs(mesh.vertices).max():.3g}; write .ply or .obj"
        )
    names = list(mesh.scalars)
    if suffix == ".ply":
        bad = [name for name in names if name in NO_SCALARS or not _WORD.fullmatch(name)]
    elif suffix == ".glb":  # which has them in capitals
        capitals = [name.upper() for name in names]
        bad = [name for name in names if capitals.count(name.upper()) > 1]
    else:
        bad = []
    if bad:
        raise UsageError(f"{path}: {suffix} cannot hold numbers per vertex named {bad[0]!r}; rename them")


def _lost(mesh: Mesh, suffix: str) -> list[str]:
    """What of ``mesh`` a file of this format lacks, a sentence each."""
    holds, notes = _FORMATS[suffix], []
    if not holds.doubles and needs_double(mesh.vertices):
        step = single_step(mesh.vertices)
        notes.append(
            f"{suffix} holds single precision only: the vertices, far from the origin, are"
            f" rounded to steps of {step:.3g} units; write .ply or .obj to keep them"
        )
    if mesh.colours is not None and not holds.colours:
        notes.append(f"{suffix} holds no colours: they were left out; write .ply, .obj or .glb to keep them")
    if mesh.scalars and not holds.scalars:
        names = " and ".join(mesh.scalars)
        notes.append(f"{suffix} has no place for {names} of the vertices: write .ply or .glb to keep it")
    return notes


def _write_stl(mesh: Mesh, file: IO[bytes]) -> None:
    import trimesh

    data = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(file_type="stl")
    assert isinstance(data, bytes)
    file.write(data)


class _Format(NamedTuple):
    """How a format is written, and what it holds besides triangles."""

    write: Callable[[Mesh, IO[bytes]], None]
    doubles: bool
    colours: bool
    scalars: bool


_FORMATS = {
    ".ply": _Format(write_ply, doubles=True, colours=True, scalars=True),
    ".obj": _Format(write_obj, doubles=True, colours=True, scalars=False),
    ".stl": _Format(_write_stl, doubles=False, colours=False, scalars=False),
    ".off": _Format(write_off, doubles=True, colours=True, scalars=False),
    ".glb": _Format(write_glb, doubles=False, colours=True, scalars=True),
}
