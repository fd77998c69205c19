"""PTS files: a line with the number of points, then as many lines x y z [intensity [r g b]]; repeated for
every scan in the file. There is no specification; this is how Leica Cyclone writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from sdf_siren.errors import InputError
from sdf_siren.io.number_rows import LINE_LIMIT, as_count, number_rows
from sdf_siren.io.opening import checked_size
from sdf_siren.io.raw_points import RawPoints, remark
from sdf_siren.io.text import Layout, layout_of, open_text, read_text_points, split_columns

_LEAST_ROW = 6
"""Bytes of the shortest row, ``0 0 0`` and its newline."""


def read_pts_points(path: Path) -> Iterator[RawPoints]:
    """Points, intensity and colours of all scans of a PTS file.

    A file that does not begin with a count is read like any other text.

    Raises:
        InputError: fewer rows than counted, or rows that are none.
    """
    size = checked_size(path)
    with open_text(path) as file:
        count = as_count(file.readline(LINE_LIMIT).strip())
        if count is None:
            yield from read_text_points(path)
            return
        scan = _Scan(file)
        width = 0
        layout: Layout = {}
        while count is not None:
            if count * _LEAST_ROW > size + 1:
                raise InputError(f"{path}: declares {count} points, but its {size} bytes cannot hold them")
            done = 0
            for rows in number_rows(path, scan, "x y z and then as many numbers in every line"):
                notes: tuple[str, ...] = ()
                if width == 0 and rows.shape[1] >= 3:
                    width, (layout, notes) = rows.shape[1], layout_of(rows, intensity=True)
                if rows.shape[1] != width:
                    raise InputError(
                        f"{path}: expected {max(width, 3)} numbers in every line, found {rows.shape[1]}"
                    )
                done += len(rows)
                yield split_columns(rows, layout, notes)
            if done < count:
                raise InputError(
                    f"{path}: expected {count} points as its count line says, found {done}; it is truncated"
                )
            if done > count:
                yield remark(f"the count line says {count} points, the file has {done}: all are used")
            count, scan = scan.following, _Scan(file)


class _Scan:
    """The lines of one scan, up to the count line of the next."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.following: int | None = None

    def readline(self, limit: int, /) -> str:
        """The next line, or nothing at the end of the scan."""
        line = self._file.readline(limit)
        self.following = as_count(line.strip())
        return line if self.following is None else ""
