"""Points as lines of numbers: .xyz, .txt, .csv, .pwn, and .pts without a count.

There is no standard. Leading comments, a header with column names and a line with the number of
points are recognised; without names the columns are x y z and then, by their number and content,
an intensity, colours (whole numbers up to 255) or normals.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.number_rows import LINE_LIMIT, as_count, number_rows
from sdf_siren.io.opening import checked_size
from sdf_siren.io.raw_points import RawPoints, as_intensity, as_normals, as_single, joined, remark

HEAD_LINES = 100
"""Lines looked at to find the first row of numbers."""

Layout = Mapping[str, list[int]]
"""Which columns hold the points, the normals, the colours and the intensity."""

_COMMENT = re.compile(r"^(#|//|%)+")
_DECIMAL_COMMAS = re.compile(r"^-?\d+(,\d+)?([;\s]+-?\d+(,\d+)?){2}")
"""Three numbers, if there are commas in them; files whose columns have commas between them do not match."""

_GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "points": (
        ("x", "y", "z"),
        *(("easting", "northing", up) for up in ("elevation", "height", "altitude", "z")),
        *(("e", "n", up) for up in ("h", "z")),
    ),
    "normals": (("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z"), ("normalx", "normaly", "normalz")),
    "colours": (("r", "g", "b"), ("red", "green", "blue")),
    "intensity": (("intensity",), ("scalar_intensity",), ("reflectance",), ("i",)),
}


@dataclass(frozen=True)
class _Head:
    """What the first lines say about the rest.

    Attributes:
        lines: how many to skip.
        groups: the columns of points, normals, colours and intensity, if a header names them.
        count: declared number of points.
        separator: between columns; None for white space.
        columns: numbers per line.
        trailing: whether lines end in a separator.
        notes: on lines among the first that look like rows and are none.
    """

    lines: int
    groups: Layout | None
    count: int | None
    separator: str | None
    columns: int
    trailing: bool
    notes: tuple[str, ...]


def read_text_points(path: Path) -> Iterator[RawPoints]:
    """Points, normals, colours and intensity of a text file, read in full double precision.

    A ``.pwn`` file with a count and three columns holds all points and then all normals.

    Raises:
        InputError: no rows of at least three numbers, rows of different lengths, or fewer rows
            than declared.
    """
    size = checked_size(path)
    with open_text(path) as file:
        head = _read_head(path, file)
    if head.count is not None and head.count * 2 * head.columns > size + 1:
        raise InputError(f"{path}: declares {head.count} points, but its {size} bytes cannot hold them")
    if head.notes:
        yield remark(*head.notes)
    pieces = _read_rows(path, head)
    if head.count is not None and path.suffix.lower() == ".pwn" and head.columns == 3:
        whole = joined(list(pieces))
        if len(whole) == 2 * head.count:
            yield RawPoints(whole.points[: head.count], as_normals(whole.points[head.count :]))
            return
        pieces = iter([whole])
    found = 0
    for piece in pieces:
        found += len(piece)
        yield piece
    if head.count is not None and found < head.count:
        raise InputError(
            f"{path}: expected {head.count} points as its count line says, found {found}; it is truncated"
        )
    if head.count is not None and found > head.count:
        yield remark(f"the count line says {head.count} points, the file has {found}: all are used")


def open_text(path: Path) -> TextIO:
    """The text file at ``path``, whatever its encoding: what matters in it is ASCII."""
    return open(path, encoding="utf-8-sig", errors="replace")


def _read_head(path: Path, file: TextIO) -> _Head:
    groups: Layout | None = None
    count: int | None = None
    named_by: str | None = None
    skipped: list[str] = []
    advice = "export it with x y z in columns"
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
        separator = next((s for s in (named_by, *";,") if s and s in bare), None)
        named = [column for group in (groups or {}).values() for column in group]
        row = _row(bare, separator, named)
        if "," in bare and _DECIMAL_COMMAS.match(bare):
            advice = "write decimal points, not commas"
        if row is None:
            fields, between = _fields(bare, separator), _fields(bare, "\t")
            if separator is None and all(between) and _by_name(between):
                separator, fields = "\t", between  # texts between the tabs may contain spaces
            if _by_name(fields):
                groups, named_by = _by_name(fields), separator
            elif not is_comment and is_number(fields[0]):
                skipped.append(bare)
        elif is_comment:
            continue
        elif len(row) == 1 and row[0].isdigit() and count is None:
            count = as_count(row[0])
            if count is None:
                raise InputError(f"{path}: expected the number of points, found {row[0][:24]!r}")
        elif named or sum(map(bool, row)) >= 3:
            trailing = not row[-1]
            width = len(row) - trailing
            return _Head(number, groups, count, separator, width, trailing, _skipped(skipped))
        else:
            raise InputError(f"{path}: expected at least x y z per line, found {line.strip()[:40]!r}")
    raise InputError(
        f"{path}: expected lines of numbers x y z, found none in its first {HEAD_LINES} lines; {advice}"
    )


def _row(line: str, separator: str | None, named: list[int]) -> list[str] | None:
    """The fields of a row, without the comment that it may end in; None if ``line`` is something else.

    In a row all fields are numbers or empty, or else those in the columns ``named``.
    """
    for text in (line, line.partition("#")[0]):
        fields = _fields(text, separator)
        chosen = [fields[column] for column in named] if named and max(named) < len(fields) else []
        if (chosen and all(map(is_number, chosen))) or (
            any(fields) and all(is_number(field) for field in fields if field)
        ):
            return fields
    return None


def _skipped(lines: list[str]) -> tuple[str, ...]:
    """A note on lines before the first row that begin with a number, and so may have been meant as rows."""
    if not lines:
        return ()
    found = f"{len(lines)} lines" if len(lines) > 1 else "a line"
    return (f"{found} before the first row of numbers were left out, such as {lines[0][:40]!r}",)


def _fields(line: str, separator: str | None) -> list[str]:
    words = line.split(separator)
    if separator and '"' in line:
        with suppress(csv.Error):
            words = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return [word.strip().strip("\"'") for word in words]


def _read_rows(path: Path, head: _Head) -> Iterator[RawPoints]:
    wanted: list[int] | None = None
    layout: Layout | None = None
    if head.groups:
        wanted = [column for group in head.groups.values() for column in group]
        places = iter(range(len(wanted)))
        layout = {name: [next(places) for _ in group] for name, group in head.groups.items()}
    elif head.trailing:
        wanted = list(range(head.columns))
    expected = f"{head.columns} numbers per line, with decimal points"
    with open_text(path) as file:
        for _ in range(head.lines):
            file.readline(LINE_LIMIT)
        for rows in number_rows(path, file, expected, separator=head.separator, columns=wanted):
            notes: tuple[str, ...] = ()
            if layout is None:
                layout, notes = layout_of(rows)
            yield split_columns(rows, layout, notes)


def split_columns(rows: NDArray[np.float64], layout: Layout, notes: tuple[str, ...] = ()) -> RawPoints:
    """The columns of ``rows`` by what they hold."""
    return RawPoints(
        np.ascontiguousarray(rows[:, layout["points"]]),
        as_normals(rows[:, layout["normals"]]) if "normals" in layout else None,
        as_single(rows[:, layout["colours"]]) if "colours" in layout else None,
        notes,
        intensity=as_intensity(rows[:, layout["intensity"][0]]) if "intensity" in layout else None,
    )


def is_number(text: str) -> bool:
    """Whether Python and NumPy read ``text`` as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _by_name(names: list[str]) -> Layout | None:
    """The columns of each group, points first, or None if x, y and z are not among the names."""
    names = [name.lower() for name in names]
    groups = {}
    for group, spellings in _GROUPS.items():
        for spelling in spellings:
            if group not in groups and all(name in names for name in spelling):
                groups[group] = [names.index(name) for name in spelling]
    return groups if "points" in groups else None


def layout_of(rows: NDArray[np.float64], intensity: bool = False) -> tuple[Layout, tuple[str, ...]]:
    """The columns of each group of a file without names, and a note where that was a choice.

    Args:
        rows: the first rows of the file.
        intensity: whether a single column after x y z can only be an intensity.
    """
    layout = {"points": [0, 1, 2]}
    extra = rows.shape[1] - 3
    triples = [[3, 4, 5], [6, 7, 8]][: extra // 3] if extra in (3, 6) else []
    # x y z intensity r g b [normals], as Leica writes it
    if extra in (4, 7) and (intensity or are_colours(rows[:, 4:7])):
        triples = [[4, 5, 6], [7, 8, 9]][: extra // 3]
        layout["intensity"] = [3]
    if extra == 1 and intensity:
        layout["intensity"] = [3]
        return layout, ()
    for triple in triples:
        layout.setdefault("colours" if are_colours(rows[:, triple]) else "normals", triple)
    if "colours" in layout:
        first = layout["colours"][0] + 1
        return layout, (f"columns {first} to {first + 2} are whole numbers up to 255: taken as colours",)
    if extra and not triples:
        return layout, (f"the {extra} columns after x y z were ignored; a header line can name them",)
    return layout, ()


def are_colours(values: NDArray[np.float64]) -> bool:
    """Whole numbers from 0 to 255, and not just the zeros and ones that axis-parallel normals have."""
    if not np.isfinite(values).all():
        return False
    in_range = values.min() >= 0 and 1 < values.max() <= 255
    return bool(in_range and np.array_equal(values, np.rint(values)))
