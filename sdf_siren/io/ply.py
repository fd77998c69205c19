"""PLY files: the points of a scan, or the triangles of a mesh.

plyfile parses the header (it is the strictest reader) and, for meshes, the faces. The points are
read without it: memory-mapped where they are binary, by NumPy where they are text, because plyfile
reads text and lists row by row in Python, and a scan's faces need not be read at all.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import InputError
from sdf_siren.io.number_rows import LINE_LIMIT, as_whole, number_rows
from sdf_siren.io.opening import one_line
from sdf_siren.io.ply_header import FACE_LISTS, PLYFILE_ERRORS, PlyHeader, read_header
from sdf_siren.io.raw_points import (
    RawPoints,
    as_colours,
    as_intensity,
    as_normals,
    as_points,
    joined,
    pieces_of,
    remark,
)

_COORDINATES = ("x", "y", "z")
_NORMALS = ("nx", "ny", "nz")
_COLOURS = ("red", "green", "blue")
NO_SCALARS = frozenset({*_COORDINATES, *_NORMALS, *_COLOURS, "alpha"})
"""Properties of vertices that are read as something else than a number of its own."""

_INTENSITY = ("intensity", "scalar_Intensity", "scalar_intensity")

Columns = dict[str, NDArray[np.generic]]
"""Properties of a piece of the vertices by name."""


def read_ply_points(path: Path) -> Iterator[RawPoints]:
    """The vertices of a PLY file, with ``nx ny nz``, ``red green blue`` and ``intensity`` if it has them.

    Other properties and elements are ignored.

    Raises:
        InputError: the file is not a PLY file with x, y and z, or it is damaged.
    """
    header = read_header(path)
    index = header.index("vertex")
    if index is None:
        found = ", ".join(element.name for element in header.elements)[:80] or "none"
        raise InputError(f"{path}: expected a PLY element 'vertex', found {found}")
    vertex = header.elements[index]
    names = [item.name for item in vertex.properties]
    missing = [name for name in _COORDINATES if name not in names]
    if missing:
        found = ", ".join(names)[:80] or "none"
        raise InputError(f"{path}: expected the vertex properties x, y and z, found {found}")
    if header.counts[index] == 0:
        raise InputError(f"{path}: expected points, found a PLY file with 0 vertices")
    _refuse_lists(header, index)
    intensity = next((name for name in _INTENSITY if name in names), None)
    wanted = [*_COORDINATES, *([intensity] if intensity else [])]
    for group in (_NORMALS, _COLOURS):
        if all(name in names for name in group):
            wanted += group
    read = _read_text if header.text else _read_binary
    for columns in read(header, index, wanted):
        yield RawPoints(
            as_points(_stacked(columns, _COORDINATES)),
            as_normals(_stacked(columns, _NORMALS)) if _NORMALS[0] in columns else None,
            _stacked(columns, _COLOURS) if _COLOURS[0] in columns else None,
            intensity=as_intensity(columns[intensity]) if intensity else None,
        )
    if header.faces:
        yield remark(f"{header.faces} faces of the file were ignored; only its vertices are used")


def _stacked(columns: Columns, group: tuple[str, ...]) -> NDArray[np.generic]:
    return np.stack([columns[name] for name in group], axis=1)


def _refuse_lists(header: PlyHeader, index: int) -> None:
    """Rows of unknown length hide where the vertices are; no scanner writes them there."""
    import plyfile

    # In text a row is a line, whatever it holds, so only lists among the vertices matter.
    elements = header.elements[index : index + 1] if header.text else header.elements[: index + 1]
    for element in elements:
        for item in element.properties:
            if isinstance(item, plyfile.PlyListProperty):
                raise InputError(
                    f"{header.path}: expected plain vertex properties, found the list {item.name[:40]!r}"
                    " in or before them; save the scan without it"
                )


def _read_binary(header: PlyHeader, index: int, wanted: list[str]) -> Iterator[Columns]:
    offset = header.start
    for element, count in zip(header.elements[:index], header.counts[:index], strict=True):
        offset += count * element.dtype(header.byte_order).itemsize
    dtype = header.elements[index].dtype(header.byte_order)
    rows = np.memmap(header.path, dtype, "r", offset, (header.counts[index],))
    for piece in pieces_of(len(rows)):
        yield {name: rows[name][piece] for name in wanted}


def _read_text(header: PlyHeader, index: int, wanted: list[str]) -> Iterator[Columns]:
    properties = header.elements[index].properties
    names = [item.name for item in properties]
    dtypes = {name: np.dtype(properties[names.index(name)].dtype()) for name in wanted}
    done, count = 0, header.counts[index]
    with open(header.path, "rb") as file:
        file.seek(header.start)
        text = io.TextIOWrapper(file, encoding="latin-1")
        for _ in range(sum(header.counts[:index])):
            text.readline(LINE_LIMIT)
        chosen = [names.index(name) for name in wanted]
        rows_of = number_rows(
            header.path, text, "a row of vertices", most=count, columns=chosen, comments=None
        )
        for rows in rows_of:
            done += len(rows)
            columns: Columns = dict(zip(wanted, rows.T, strict=True))
            for name in _COLOURS:
                if name in columns and dtypes[name].kind in "iu":  # told apart from colours in [0, 1]
                    columns[name] = as_whole(rows.T[wanted.index(name)], dtypes[name])
            yield columns
    if done < count:
        raise InputError(f"{header.path}: expected {count} vertices, found {done}; it is truncated")


def read_ply_mesh(path: Path) -> Mesh:
    """The triangles of a PLY file; polygons are cut into fans.

    Its vertices keep normals, colours, and every further property of floating type as a scalar.

    Raises:
        InputError: the file is damaged or has no faces.
    """
    import plyfile

    raw = joined(list(read_ply_points(path)))
    header = read_header(path)
    index = header.index("face")
    names = [] if index is None else [item.name for item in header.elements[index].properties]
    name = next((n for n in FACE_LISTS if n in names), None)
    if name is None or not header.faces:
        raise InputError(f"{path}: expected a mesh, found a PLY file without faces")
    try:
        data = _plyfile_data(path, name)
        polygons = data["face"][name]
        faces = polygons.astype(np.int64) if polygons.dtype != object else fans(list(polygons))
        scalars = _scalars(data["vertex"].data)
    except (plyfile.PlyParseError, *PLYFILE_ERRORS) as error:
        raise InputError(f"{path}: the faces cannot be read ({one_line(error)})") from None
    try:
        colours = None if raw.colours is None else as_colours(raw.colours)
        return Mesh(raw.points, faces, raw.normals, colours, scalars)
    except ValueError as error:
        raise InputError(f"{path}: not a valid mesh ({one_line(error)})") from None


def _scalars(vertices: NDArray[np.void]) -> dict[str, NDArray[np.float32]]:
    """The properties of floating type that are neither places, normals nor colours."""
    names = (name for name in vertices.dtype.names or () if name not in NO_SCALARS)
    kinds = {name: vertices.dtype[name] for name in names}
    return {name: as_intensity(vertices[name]) for name, kind in kinds.items() if kind.kind == "f"}


def _plyfile_data(path: Path, name: str) -> Any:
    """The whole file by plyfile; its faces, the list ``name``, are mapped if all are triangles."""
    import plyfile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # NumPy's "input contained no data"
        try:
            return plyfile.PlyData.read(str(path), mmap="r", known_list_len={"face": {name: 3}})
        except plyfile.PlyElementParseError:
            return plyfile.PlyData.read(str(path), mmap="r")


def fans(polygons: list[NDArray[np.integer]]) -> NDArray[np.int64]:
    """Polygons of any size as (f, 3) triangles that share each polygon's first corner."""
    sizes = np.array([len(polygon) for polygon in polygons], dtype=np.int64)
    parts = []
    for size in np.unique(sizes[sizes >= 3]):
        corners = np.array([polygons[i] for i in np.flatnonzero(sizes == size)], dtype=np.int64)
        for k in range(1, size - 1):
            parts.append(corners[:, [0, k, k + 1]])
    return np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)
