"""Meshes as text, OBJ and OFF: every double as the shortest number that reads back as itself."""

from __future__ import annotations

from typing import IO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh

_ROWS = 65536
"""Lines of text formatted at once."""


def write_obj(mesh: Mesh, file: IO[bytes]) -> None:
    """Write ``mesh`` as OBJ: vertices, normals and faces.

    Colours follow the coordinates as numbers from 0 to 1, ``v x y z r g b``: in no standard, but read by
    most programs, and skipped by the others.
    """
    if mesh.colours is None:
        _write_rows(file, "v %r %r %r\n", mesh.vertices)
    else:
        _write_rows(file, "v %r %r %r %.4g %.4g %.4g\n", mesh.vertices, mesh.colours / 255)
    corner = mesh.faces + 1
    if mesh.normals is None:
        _write_rows(file, "f %d %d %d\n", corner)
    else:
        _write_rows(file, "vn %.7g %.7g %.7g\n", mesh.normals)
        _write_rows(file, "f %d//%d %d//%d %d//%d\n", np.repeat(corner, 2, axis=1))


def write_off(mesh: Mesh, file: IO[bytes]) -> None:
    """Write ``mesh`` as OFF, or with colours as COFF: ``x y z r g b a``, bytes as whole numbers."""
    name = "OFF" if mesh.colours is None else "COFF"
    file.write(f"{name}\n{len(mesh.vertices)} {len(mesh.faces)} 0\n".encode("ascii"))
    if mesh.colours is None:
        _write_rows(file, "%r %r %r\n", mesh.vertices)
    else:
        _write_rows(file, "%r %r %r %d %d %d 255\n", mesh.vertices, mesh.colours)
    _write_rows(file, "3 %d %d %d\n", mesh.faces)


def _write_rows(file: IO[bytes], line: str, *columns: NDArray[np.generic]) -> None:
    """One formatted line per row of all columns (n, .); the format is repeated so that Python formats
    thousands at once."""
    for start in range(0, len(columns[0]), _ROWS):
        part = np.hstack([each[start : start + _ROWS] for each in columns])
        file.write((line * len(part) % tuple(part.ravel().tolist())).encode("ascii"))
