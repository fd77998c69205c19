"""PTX files: range images of a terrestrial scanner, one after the other, each behind a header of ten lines.

There is no specification; this is how Leica Cyclone writes them. The header has the number of columns, the
number of rows, the scanner's position, its three axes, and a matrix of four lines that takes a row
(x, y, z, 1) to world coordinates. Then follow columns x rows lines x y z intensity [r g b] in the scanner's
coordinates; where nothing came back x, y and z are 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.number_rows import LINE_LIMIT, as_count, number_rows
from sdf_siren.io.opening import checked_size
from sdf_siren.io.raw_points import RawPoints, as_intensity, as_single, remark
from sdf_siren.io.text import open_text

_LEAST_ROW = 8
"""Bytes of the shortest row, ``0 0 0 0`` and its newline."""


def read_ptx_points(path: Path) -> Iterator[RawPoints]:
    """World coordinates of all scans of a PTX file, intensity, colours and where the scanner stood.

    Raises:
        InputError: a header that is none, fewer rows than it declares, or rows that are none.
    """
    size = checked_size(path)
    missed = rows_read = 0
    with open_text(path) as file:
        number = 0
        while (first := _next_line(file)) or not number:
            number += 1
            where = f"{path}: scan {number}"
            count, matrix = _header(where, file, first)
            if count * _LEAST_ROW > size + 1:
                raise InputError(f"{where}: declares {count} points, but its {size} bytes cannot hold them")
            done = 0
            for rows in number_rows(path, file, f"x y z intensity [r g b] in scan {number}", most=count):
                done += len(rows)
                if rows.shape[1] not in (3, 4, 7):
                    raise InputError(f"{where}: expected 4 or 7 numbers per line, found {rows.shape[1]}")
                hit = np.asarray((rows[:, :3] != 0).any(axis=1))
                missed += int((~hit).sum())
                yield _placed(rows[hit], matrix)
            if done < count:
                raise InputError(f"{where}: expected {count} points, found {done}; the file is truncated")
            rows_read += done
    if missed:
        yield remark(f"{missed} of {rows_read} rows without a measurement (0 0 0) were dropped")


def _placed(rows: NDArray[np.float64], matrix: NDArray[np.float64]) -> RawPoints:
    with np.errstate(over="ignore", invalid="ignore"):
        points = rows[:, :3] @ matrix[:3, :3] + matrix[3, :3]
    return RawPoints(
        points,
        colours=as_single(rows[:, 4:7]) if rows.shape[1] == 7 else None,
        sensors=np.broadcast_to(matrix[3, :3], points.shape),
        intensity=as_intensity(rows[:, 3]) if rows.shape[1] > 3 else None,
    )


def _header(where: str, file: TextIO, first: str) -> tuple[int, NDArray[np.float64]]:
    """The number of rows that follow, and the (4, 4) matrix for row vectors."""
    count = _whole(where, "columns", first) * _whole(where, "rows", file.readline(LINE_LIMIT))
    if not count:
        raise InputError(f"{where}: expected points, found 0 rows or columns")
    for name in ("scanner position", "scanner axis", "scanner axis", "scanner axis"):
        _numbers(where, name, file.readline(LINE_LIMIT), 3)
    matrix = np.array([_numbers(where, "matrix", file.readline(LINE_LIMIT), 4) for _ in range(4)])
    turn, last = matrix[:3, :3], matrix[:, 3]
    scale = np.abs(turn).max()
    if not np.allclose(last, [0, 0, 0, 1]) or not scale or abs(np.linalg.det(turn / scale)) < 1e-6:
        raise InputError(f"{where}: expected a matrix that moves and turns, found another; it is damaged")
    return count, matrix


def _next_line(file: TextIO) -> str:
    """The next line that is not blank, or nothing at the end of the file."""
    while (line := file.readline(LINE_LIMIT)) and not line.strip():
        pass
    return line


def _whole(where: str, name: str, line: str) -> int:
    count = as_count(line.strip())
    if count is None:
        raise InputError(f"{where}: expected the number of {name}, found {line.strip()[:24]!r}")
    return count


def _numbers(where: str, name: str, line: str, count: int) -> list[float]:
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        values = []
    if len(values) != count or not np.isfinite(values).all():
        raise InputError(f"{where}: expected {count} numbers of the {name}, found {line.strip()[:40]!r}")
    return values
