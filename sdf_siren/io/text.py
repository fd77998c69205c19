"""Points as lines of numbers: .xyz, .pts, .txt, .csv, .pwn.

There is no standard. Leading comments, a header with column names and a line with the number of
points are recognised; without names the columns are x y z and then, by their number and content,
an intensity, colours (whole numbers up to 255) or normals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.raw_points import RawPoints, as_colours, as_normals

HEAD_LINES = 100
"""Lines looked at to find the first row of numbers."""

LINE_LIMIT = 16 * 1024
"""Longest line accepted in the head, characters."""

_COMMENT = re.compile(r"^(#|//|%)+")
_GROUPS = {
    "points": (("x", "y", "z"),),
    "normals": (("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z")),
    "colours": (("r", "g", "b"), ("red", "green", "blue")),
}


@dataclass(frozen=True)
class _Head:
    """What the first lines say about the rest.

    Attributes:
        lines: how many to skip.
        groups: the columns of points, normals and colours, if a header names them.
        count: declared number of points.
        separator: between columns; None for white space.
        columns: numbers per line.
        trailing: whether lines end in a separator.
    """

    lines: int
    groups: dict[str, list[int]] | None
    count: int | None
    separator: str | None
    columns: int
    trailing: bool


def read_text_points(path: Path) -> RawPoints:
    """Points, normals and colours of a text file, read in full double precision.

    A ``.pwn`` file with a count and three columns holds all points and then all normals.

    Raises:
        InputError: no rows of at least three numbers, rows of different lengths, or fewer rows
            than declared.
    """
    size = checked_size(path)
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            head = _read_head(path, file)
        if head.count is not None and head.count * 2 * head.columns > size + 1:
            raise InputError(f"{path}: declares {head.count} points, but its {size} bytes cannot hold them")
        rows = _read_rows(path, head)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if head.count is not None and path.suffix.lower() == ".pwn" and rows.shape == (2 * head.count, 3):
        return RawPoints(rows[: head.count], as_normals(rows[head.count :]))
    notes: tuple[str, ...] = ()
    if head.groups:
        groups = {group: [3 * i, 3 * i + 1, 3 * i + 2] for i, group in enumerate(head.groups)}
    else:
        groups, notes = _by_content(rows)
    if head.count is not None and len(rows) < head.count:
        raise InputError(
            f"{path}: expected {head.count} points as its count line says, found {len(rows)}; it is truncated"
        )
    if head.count is not None and len(rows) > head.count:
        notes = (*notes, f"the count line says {head.count} points, the file has {len(rows)}: all are used")
    return RawPoints(
        np.ascontiguousarray(rows[:, groups["points"]]),
        as_normals(rows[:, groups["normals"]]) if "normals" in groups else None,
        as_colours(rows[:, groups["colours"]]) if "colours" in groups else None,
        notes,
    )


def _read_head(path: Path, file: TextIO) -> _Head:
    groups: dict[str, list[int]] | None = None
    count: int | None = None
    for number in range(HEAD_LINES):
        line = file.readline(LINE_LIMIT)
        if "\0" in line or len(line) >= LINE_LIMIT:
            raise InputError(f"{path}: expected lines of numbers, found binary data or a line without end")
        if not line:
            break
        bare = _COMMENT.sub("", line.strip()).strip()
        is_comment = bare != line.strip()
        if not bare:
            continue
        separator = next((s for s in ";," if s in bare), None)
        fields = [field.strip().strip("\"'") for field in bare.split(separator)]
        named = [column for group in (groups or {}).values() for column in group]
        is_named_row = bool(named) and max(named) < len(fields) and all(_is_number(fields[c]) for c in named)
        if not is_named_row and not all(_is_number(field) for field in fields if field):
            groups = _by_name([field.lower() for field in fields]) or groups
        elif is_comment:
            continue
        elif len(fields) == 1 and fields[0].isdigit() and count is None:
            count = int(fields[0])
        elif is_named_row or sum(map(bool, fields)) >= 3:
            trailing = not fields[-1]
            return _Head(number, groups, count, separator, len(fields) - trailing, trailing)
        else:
            raise InputError(f"{path}: expected at least x y z per line, found {line.strip()[:40]!r}")
    raise InputError(f"{path}: expected lines of numbers x y z, found none in its first {HEAD_LINES} lines")


def _read_rows(path: Path, head: _Head) -> NDArray[np.float64]:
    """All columns, or those of the named groups one after the other."""
    wanted: list[int] | None = None
    if head.groups:
        wanted = [column for group in head.groups.values() for column in group]
    elif head.trailing:
        wanted = list(range(head.columns))
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        for _ in range(head.lines):
            file.readline()
        try:
            return np.loadtxt(file, dtype=np.float64, delimiter=head.separator, usecols=wanted, ndmin=2)
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{path}: expected {head.columns} numbers per line, with decimal points ({one_line(error)})"
            ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _by_name(names: list[str]) -> dict[str, list[int]] | None:
    """The columns of each group, points first, or None if x, y and z are not among the names."""
    groups = {}
    for group, spellings in _GROUPS.items():
        for spelling in spellings:
            if all(name in names for name in spelling):
                groups[group] = [names.index(name) for name in spelling]
    return groups if "points" in groups else None


def _by_content(rows: NDArray[np.float64]) -> tuple[dict[str, list[int]], tuple[str, ...]]:
    """The columns of each group of a file without names, and a note where that was a choice."""
    groups = {"points": [0, 1, 2]}
    extra = rows.shape[1] - 3
    triples = [[3, 4, 5], [6, 7, 8]][: extra // 3] if extra in (3, 6) else []
    if extra == 4 and _are_colours(rows[:, 4:7]):  # x y z intensity r g b, as Leica writes it
        triples = [[4, 5, 6]]
    for triple in triples:
        groups.setdefault("colours" if _are_colours(rows[:, triple]) else "normals", triple)
    if "colours" in groups:
        first = groups["colours"][0] + 1
        return groups, (f"columns {first} to {first + 2} are whole numbers up to 255: taken as colours",)
    if extra and not triples:
        return groups, (f"the {extra} columns after x y z were ignored; a header line can name them",)
    return groups, ()


def _are_colours(values: NDArray[np.float64]) -> bool:
    """Whole numbers from 0 to 255, and not just the zeros and ones that axis-parallel normals have."""
    if not np.isfinite(values).all():
        return False
    in_range = values.min() >= 0 and 1 < values.max() <= 255
    return bool(in_range and np.array_equal(values, np.rint(values)))
