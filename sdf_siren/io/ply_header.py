"""The header of a PLY file, checked against the file's size before anything else is read or allocated."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdf_siren.errors import InputError
from sdf_siren.io.opening import checked_size, one_line

HEADER_LIMIT = 64 * 1024
"""Longest header accepted, bytes; scanners write a few hundred."""

PLYFILE_ERRORS = (ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError, EOFError, OSError)
"""What plyfile raises on bad files besides its own PlyParseError."""

_COUNT = re.compile(rb"^(\s*element\s+\S+\s+)(\S+)(\s*)$")

FACE_LISTS = ("vertex_indices", "vertex_index")
"""The names in use for the corners of a face."""


@dataclass(frozen=True)
class PlyHeader:
    """A header whose counts fit into the file.

    Attributes:
        path: the file.
        elements: plyfile's elements, in order, all with a count of zero.
        counts: declared number of rows per element.
        text: whether the data is ascii.
        byte_order: ``"<"``, ``">"`` or ``"="``.
        start: offset of the first data byte.
    """

    path: Path
    elements: tuple[Any, ...]
    counts: tuple[int, ...]
    text: bool
    byte_order: str
    start: int

    def index(self, name: str) -> int | None:
        """The position of the element ``name``."""
        return next((i for i, element in enumerate(self.elements) if element.name == name), None)

    @property
    def faces(self) -> int:
        """Declared number of faces."""
        index = self.index("face")
        return 0 if index is None else self.counts[index]


def read_header(path: Path) -> PlyHeader:
    """Read and check the header of the PLY file at ``path``.

    Raises:
        InputError: not a PLY file, a header that is too long or wrong, or counts that the file's
            size cannot hold.
    """
    import plyfile

    size = checked_size(path)
    with open(path, "rb") as file:
        head = file.read(HEADER_LIMIT)
    ending = re.match(rb"ply(\r\n|\n|\r)", head)
    if ending is None:
        raise InputError(f"{path}: expected a PLY file beginning with 'ply', found {_excerpt(head)}")
    newline = ending.group(1)
    end = head.find(newline + b"end_header" + newline)
    if end < 0:
        raise InputError(
            f"{path}: expected 'end_header' within the first {HEADER_LIMIT} bytes, found none;"
            " the header is cut off or damaged"
        )
    start = end + len(b"end_header") + 2 * len(newline)
    counts: list[int] = []
    lines = []
    for line in head[:start].split(newline):
        match = _COUNT.match(line)
        if match:
            counts.append(_count(path, match.group(2)))
            # With all counts zero plyfile parses and checks the header and allocates nothing.
            line = match.group(1) + b"0" + match.group(3)
        lines.append(line)
    try:
        parsed = plyfile.PlyData.read(io.BytesIO(newline.join(lines)))
    except (plyfile.PlyParseError, *PLYFILE_ERRORS) as error:
        raise InputError(f"{path}: the PLY header is not valid ({one_line(error)})") from None
    header = PlyHeader(path, parsed.elements, tuple(counts), parsed.text, parsed.byte_order, start)
    _check_size(header, size)
    return header


def _count(path: Path, token: bytes) -> int:
    if not (token.isdigit() and len(token) <= 18):
        raise InputError(f"{path}: expected a whole number as PLY element count, found {_excerpt(token)}")
    return int(token)


def _excerpt(data: bytes) -> str:
    return repr(data[:24].decode("ascii", errors="replace"))


def _row_bytes(header: PlyHeader, element: Any) -> int:
    """The least number of bytes a row can take."""
    import plyfile

    least = 0
    for item in element.properties:
        if header.text:
            least += 2  # a digit and a separator
        elif isinstance(item, plyfile.PlyListProperty):
            length, value = (np.dtype(t).itemsize for t in item.list_dtype())
            least += length + (3 * value if element.name == "face" and item.name in FACE_LISTS else 0)
        else:
            least += np.dtype(item.dtype()).itemsize
    return least


def _check_size(header: PlyHeader, size: int) -> None:
    available = size - header.start + header.text  # the last line of a text may lack its newline
    for element, count in zip(header.elements, header.counts, strict=True):
        needed = count * _row_bytes(header, element)
        if count and not element.properties:
            raise InputError(f"{header.path}: the PLY element {element.name[:40]!r} has no properties")
        if needed > available:
            raise InputError(
                f"{header.path}: the header declares {count} rows of {element.name[:40]!r}, at least {needed}"
                f" bytes, but only {max(available, 0)} remain; the file is truncated or damaged"
            )
        available -= needed
