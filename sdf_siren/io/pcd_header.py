"""The header of a PCD file, checked against the file's size before anything else is read or allocated.

The format: https://pointclouds.org/documentation/tutorials/pcd_file_format.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sdf_siren.errors import InputError
from sdf_siren.io.number_rows import as_count
from sdf_siren.io.opening import checked_size

HEADER_LIMIT = 64 * 1024
"""Longest header accepted, bytes; writers need a few hundred."""

_ROW_LIMIT = 64 * 1024
"""Longest point accepted, bytes; feature histograms need a few thousand."""

_KINDS = {"F": (4, 8), "I": (1, 2, 4, 8), "U": (1, 2, 4, 8)}
_KEYS = {"VERSION", "FIELDS", "COLUMNS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS"}


@dataclass(frozen=True)
class PcdField:
    """A field: its name, the type of its elements, and how many a point has."""

    name: str
    dtype: np.dtype[np.generic]
    count: int

    @property
    def bytes(self) -> int:
        """Per point."""
        return self.dtype.itemsize * self.count


@dataclass(frozen=True)
class PcdHeader:
    """A header whose number of points fits into the file.

    Attributes:
        path: the file.
        fields: in the order of the file; fields of padding are called ``_``.
        points: their number, at least one.
        organised: whether the points are the pixels of a range image.
        viewpoint: where the sensor was, if the file says so.
        encoding: ``ascii``, ``binary`` or ``binary_compressed``.
        start: offset of the first data byte.
        size: of the file, bytes.
    """

    path: Path
    fields: tuple[PcdField, ...]
    points: int
    organised: bool
    viewpoint: tuple[float, float, float] | None
    encoding: str
    start: int
    size: int

    def index(self, name: str) -> int | None:
        """The position of the field ``name``."""
        return next((i for i, field in enumerate(self.fields) if field.name == name), None)


def read_pcd_header(path: Path) -> PcdHeader:
    """Read and check the header of the PCD file at ``path``.

    Raises:
        InputError: not a PCD file, a header that is too long or wrong, or more points than the file's
            size can hold.
    """
    size = checked_size(path)
    with open(path, "rb") as file:
        lines, start = _lines(path, file)
    fields = _fields(path, lines)
    points, organised = _points(path, lines)
    encoding = " ".join(lines["DATA"]).lower()
    header = PcdHeader(path, fields, points, organised, _viewpoint(path, lines), encoding, start, size)
    _check_size(header)
    return header


def _lines(path: Path, file: BinaryIO) -> tuple[dict[str, list[str]], int]:
    """The words of each line by its key, up to DATA, and the offset behind it."""
    lines: dict[str, list[str]] = {}
    while file.tell() < HEADER_LIMIT:
        line = file.readline(HEADER_LIMIT)
        words = line.decode("latin-1").split()
        if not line.endswith(b"\n") and (not words or words[0] != "DATA"):
            break
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "DATA":
            return {**lines, "DATA": words[1:]}, file.tell()
        if words[0] not in _KEYS:
            raise InputError(
                f"{path}: expected a PCD header (FIELDS, SIZE, TYPE, ..., DATA), found"
                f" {' '.join(words)[:40]!r}; the header is missing or damaged"
            )
        lines["FIELDS" if words[0] == "COLUMNS" else words[0]] = words[1:]
    raise InputError(
        f"{path}: expected a PCD header that ends in DATA within {HEADER_LIMIT} bytes, found none;"
        " the header is cut off or damaged"
    )


def _fields(path: Path, lines: dict[str, list[str]]) -> tuple[PcdField, ...]:
    missing = [key for key in ("FIELDS", "SIZE", "TYPE") if key not in lines]
    if missing:
        raise InputError(f"{path}: the PCD header has no {missing[0]}; it is damaged")
    names, types = lines["FIELDS"], lines["TYPE"]
    sizes = [_number(path, "SIZE", word) for word in lines["SIZE"]]
    counts = [_number(path, "COUNT", word) for word in lines.get("COUNT", ["1"] * len(names))]
    if not len(names) == len(types) == len(sizes) == len(counts):
        raise InputError(
            f"{path}: expected as many SIZE, TYPE and COUNT as FIELDS, found {len(sizes)}, {len(types)},"
            f" {len(counts)} and {len(names)}; the header is damaged"
        )
    fields = []
    for name, kind, size, count in zip(names, types, sizes, counts, strict=True):
        if size not in _KINDS.get(kind, ()) or count == 0:
            raise InputError(
                f"{path}: expected a field of a known type, found {name[:40]!r} with {count} elements of"
                f" type {kind[:8]!r} and size {size}"
            )
        fields.append(PcdField(name, np.dtype(f"<{'i' if kind == 'I' else kind.lower()}{size}"), count))
    if sum(field.bytes for field in fields) > _ROW_LIMIT:
        raise InputError(f"{path}: the header declares points of more than {_ROW_LIMIT} bytes; it is damaged")
    return tuple(fields)


def _points(path: Path, lines: dict[str, list[str]]) -> tuple[int, bool]:
    """How many points there are, and whether in rows and columns."""
    if "WIDTH" not in lines and "POINTS" not in lines:
        raise InputError(f"{path}: the PCD header has neither WIDTH nor POINTS; it is damaged")
    number = {
        key: _number(path, key, " ".join(lines[key])) for key in ("WIDTH", "HEIGHT", "POINTS") if key in lines
    }
    height = number.get("HEIGHT", 1)
    cells = number["WIDTH"] * height if "WIDTH" in number else number["POINTS"]
    points = number.get("POINTS", cells)
    if points != cells:
        raise InputError(
            f"{path}: expected WIDTH x HEIGHT = {cells} points, found POINTS {points}; the header is damaged"
        )
    if points == 0:
        raise InputError(f"{path}: expected points, found a PCD file with 0 of them")
    return points, height > 1


def _number(path: Path, key: str, word: str) -> int:
    number = as_count(word)
    if number is None:
        raise InputError(f"{path}: expected a whole number behind {key}, found {word[:24]!r}")
    return number


def _viewpoint(path: Path, lines: dict[str, list[str]]) -> tuple[float, float, float] | None:
    if "VIEWPOINT" not in lines:
        return None
    try:
        x, y, z, *rotation = (float(word) for word in lines["VIEWPOINT"])
    except ValueError:
        x = y = z = np.nan
        rotation = []
    if not np.isfinite([x, y, z]).all() or len(rotation) != 4:
        found = " ".join(lines["VIEWPOINT"])[:40]
        raise InputError(f"{path}: expected a VIEWPOINT of seven numbers, found {found!r}")
    return x, y, z


def _check_size(header: PcdHeader) -> None:
    available = header.size - header.start
    if header.encoding == "ascii":
        available += 1  # the last line may lack its newline
        needed = header.points * 2 * sum(field.count for field in header.fields)
    elif header.encoding == "binary":
        needed = header.points * sum(field.bytes for field in header.fields)
    elif header.encoding == "binary_compressed":
        return
    else:
        raise InputError(
            f"{header.path}: expected DATA ascii, binary or binary_compressed, found {header.encoding[:24]!r}"
        )
    if needed > available:
        raise InputError(
            f"{header.path}: the header declares {header.points} points, at least {needed} bytes, but only"
            f" {max(available, 0)} remain; the file is truncated or damaged"
        )
