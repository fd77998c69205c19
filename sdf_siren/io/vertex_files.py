"""Scans in mesh formats: OBJ, OFF and GLB files that have vertices and no faces."""

from __future__ import annotations

import io
import mmap
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.glb import check_glb
from sdf_siren.io.number_rows import LINE_LIMIT, as_count, number_rows
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.ply_header import read_header
from sdf_siren.io.raw_points import RawPoints, as_normals, as_single, joined, remark
from sdf_siren.srgb import from_linear

_OBJ_FACE = re.compile(rb"^[ \t]*f[ \t]", re.MULTILINE)
_OFF_NAME = re.compile(r"^(?:ST)?(C?)(N?)OFF\b")
_TRIANGLES = 4
"""The mode of a glTF primitive that says none (glTF 2.0, 5.24.4); modes below it are points and lines."""


def has_faces(path: Path) -> bool:
    """Whether the PLY, OBJ, OFF, GLB or STL file at ``path`` is a mesh and not a list of points.

    Raises:
        InputError: the file cannot be opened, or its header is damaged.
    """
    checked_size(path)
    suffix = path.suffix.lower()
    if suffix == ".ply":
        return read_header(path).faces > 0
    if suffix == ".obj":
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _OBJ_FACE.search(data) is not None
    if suffix == ".off":
        with _open(path) as lines:
            return _off_header(path, lines)[1] > 0
    if suffix == ".glb":
        parts = [part for mesh in check_glb(path).get("meshes", []) for part in mesh.get("primitives", [])]
        return not parts or any(part.get("mode", _TRIANGLES) >= _TRIANGLES for part in parts)
    return True


def has_off_colours(path: Path) -> bool:
    """Whether the vertices of the OFF file at ``path`` have colours.

    Raises:
        InputError: the file cannot be opened, or its header is damaged.
    """
    with _open(path) as lines:
        return _off_header(path, lines)[2]


def read_vertices(path: Path) -> Iterator[RawPoints]:
    """The vertices of an OBJ, OFF or GLB file without faces, with normals and colours where it has them.

    Normals are read from OBJ (as many as vertices) and NOFF files, colours from all three (of GLB, where
    they are linear, to 8 bits of that).

    Raises:
        InputError: the file is damaged, or has no vertices.
    """
    read = {".obj": _read_obj, ".off": _read_off, ".glb": _read_glb}[path.suffix.lower()]
    found = 0
    for piece in read(path):
        found += len(piece)
        yield piece
    if not found:
        raise InputError(f"{path}: expected a mesh or points, found neither faces nor vertices")


def _open(path: Path) -> TextIO:
    return open(path, encoding="latin-1")


class _Marked:
    """The lines of a file that begin with a word, without it; there may be blanks before it."""

    def __init__(self, file: TextIO, word: str) -> None:
        self._file = file
        self._words = (f"{word} ", f"{word}\t")
        self._skip = len(word)

    def readline(self, limit: int, /) -> str:
        """The next of these lines."""
        while line := self._file.readline(limit):
            if line.lstrip(" \t").startswith(self._words):
                return line if len(line) == limit else line.lstrip(" \t")[self._skip :]
        return ""


def _read_obj(path: Path) -> Iterator[RawPoints]:
    """Lines ``v x y z [r g b]``, and ``vn x y z`` if there are as many."""
    normals = []
    with _open(path) as file:
        for rows in number_rows(path, _Marked(file, "vn"), "vn x y z"):
            normals.append(as_normals(_three(path, rows)))
    with _open(path) as file:
        pieces = []
        for rows in number_rows(path, _Marked(file, "v"), "v x y z [r g b]"):
            colours = as_single(rows[:, 3:6]) if rows.shape[1] == 6 else None
            pieces.append(RawPoints(_three(path, rows), colours=colours))
    whole = joined(pieces)
    given = np.concatenate(normals) if normals else np.empty((0, 3), dtype=np.float32)
    if len(given) == len(whole):
        yield RawPoints(whole.points, given, whole.colours, whole.notes)
        return
    yield whole
    if len(given):
        yield remark(f"{len(given)} normals for {len(whole)} vertices: they are not used")


def _three(path: Path, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    if rows.shape[1] < 3:
        raise InputError(f"{path}: expected three coordinates, found {rows.shape[1]}")
    return np.ascontiguousarray(rows[:, :3])


def _off_header(path: Path, file: TextIO) -> tuple[int, int, bool, bool]:
    """Numbers of vertices and faces, and whether vertices have colours and normals."""
    lines: list[str] = []
    for _ in range(100):
        line = file.readline(LINE_LIMIT).partition("#")[0].strip()
        lines += [line] if line else []
        name = _OFF_NAME.match(lines[0]) if lines else None
        if lines and name is None:
            break
        words = " ".join(lines).split()[1:]
        if name and words:
            vertices, faces = (as_count(word) for word in [*words, "", ""][:2])
            if vertices is None or faces is None:
                break
            return vertices, faces, bool(name.group(1)), bool(name.group(2))
    found = (lines or [""])[-1][:24]
    raise InputError(f"{path}: not a readable OFF file, expected OFF and its counts, found {found!r}")


def _read_off(path: Path) -> Iterator[RawPoints]:
    size = checked_size(path)
    with _open(path) as file:
        count, _, coloured, oriented = _off_header(path, file)
        if count * 6 > size + 1:
            raise InputError(f"{path}: declares {count} vertices, but its {size} bytes cannot hold them")
        done = 0
        for rows in number_rows(path, file, "a row of numbers", most=count):
            done += len(rows)
            first = 6 if oriented else 3
            if rows.shape[1] < first + 3 * coloured or rows.shape[1] < 3:
                raise InputError(
                    f"{path}: expected {first + 3 * coloured} numbers per vertex, found {rows.shape[1]}"
                )
            yield RawPoints(
                np.ascontiguousarray(rows[:, :3]),
                as_normals(rows[:, 3:6]) if oriented else None,
                as_single(rows[:, first : first + 3]) if coloured else None,
            )
    if done < count:
        raise InputError(f"{path}: expected {count} vertices, found {done}; the file is truncated")


def _read_glb(path: Path) -> Iterator[RawPoints]:
    import trimesh

    check_glb(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scene = trimesh.load_scene(io.BytesIO(path.read_bytes()), file_type="glb", process=False)
            for node in scene.graph.nodes_geometry:
                matrix, name = scene.graph[node]
                part = scene.geometry[name]
                places = np.asarray(part.vertices, dtype=np.float64)
                if places.ndim != 2 or places.shape[1] != 3:
                    raise InputError(f"{path}: expected three coordinates per point, found {places.shape}")
                points = trimesh.transform_points(places, matrix)
                colours = np.asarray(getattr(part, "colors", None))
                coloured = colours.shape == (len(points), 4)
                yield RawPoints(points, colours=from_linear(colours[:, :3] / 255) if coloured else None)
    except InputError:
        raise
    except Exception as error:  # its parsers raise whatever they stumble over in a damaged file
        raise InputError(f"{path}: not a readable GLB file ({one_line(error)})") from None
