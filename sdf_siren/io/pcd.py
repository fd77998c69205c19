"""PCD files, the format of the Point Cloud Library.

Read here and not by open3d, whose reader trusts the header of a file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io import lzf
from sdf_siren.io.number_rows import as_whole, number_rows
from sdf_siren.io.pcd_header import PcdHeader, read_pcd_header
from sdf_siren.io.raw_points import RawPoints, as_intensity, as_normals, as_points, pieces_of

_COORDINATES = ("x", "y", "z")
_NORMALS = (("normal_x", "normal_y", "normal_z"), ("nx", "ny", "nz"))
_COLOURS = (("r", "g", "b"), ("red", "green", "blue"))
_PACKED = ("rgb", "rgba")

Columns = Mapping[str, NDArray[np.generic]]
"""The first element of each field of a piece of the points."""


def read_pcd_points(path: Path) -> Iterator[RawPoints]:
    """Points with normals, colours (packed or not), intensity and, if there is one, the viewpoint.

    Points of an organised file that the sensor did not see are NaN in it, and rows like others here. The
    viewpoint is believed if it is not zero or the file is organised, which makes it one range image.

    Raises:
        InputError: the file is not a PCD file with x, y and z, or it is damaged.
    """
    header = read_pcd_header(path)
    names = [field.name for field in header.fields]
    if any(name not in names for name in _COORDINATES):
        found = " ".join(names)[:80] or "none"
        raise InputError(f"{path}: expected the fields x, y and z, found {found}")
    normals = next((group for group in _NORMALS if all(name in names for name in group)), ())
    colours = next((group for group in _COLOURS if all(name in names for name in group)), ())
    packed = next((name for name in _PACKED if name in names and not colours), None)
    wanted = [*_COORDINATES, *normals, *colours]
    wanted += [name for name in (packed, "intensity") if name and name in names]
    read = {"ascii": _read_text, "binary": _read_binary}.get(header.encoding, _read_compressed)
    sensor = header.viewpoint if header.organised or any(header.viewpoint or ()) else None
    for columns in read(header, wanted):
        piece = RawPoints(
            as_points(_stacked(columns, _COORDINATES)),
            as_normals(_stacked(columns, normals)) if normals else None,
            _stacked(columns, colours) if colours else None,
            intensity=as_intensity(columns["intensity"]) if "intensity" in columns else None,
        )
        if packed:
            piece = replace(piece, colours=_unpacked(columns[packed]))
        if sensor is not None:
            piece = replace(piece, sensors=np.broadcast_to(np.array(sensor), piece.points.shape))
        yield piece


def _stacked(columns: Columns, group: tuple[str, ...]) -> NDArray[np.generic]:
    return np.stack([columns[name] for name in group], axis=1)


def _unpacked(values: NDArray[Any]) -> NDArray[np.uint8]:
    """(n, 3) from the bits 0xAARRGGBB of four bytes of any type, or of their value in a text.

    A text holds either the integer itself or the number that its bits are as float32. The latter are
    below 1e-37 without alpha and below -1e38 with it, so neither can be taken for the former.
    """
    if values.dtype == np.float64:
        numbers = values.astype(np.float64)
        whole = as_whole(numbers, np.dtype(np.uint32))
        with np.errstate(over="ignore", invalid="ignore"):
            bits = numbers.astype(np.float32).view(np.uint32)
        code = np.where(numbers >= 1, whole, bits)
    else:
        code = np.ascontiguousarray(values).view(f"<u{values.dtype.itemsize}").astype(np.uint32)
    return np.stack([code >> shift & 255 for shift in (16, 8, 0)], axis=1).astype(np.uint8)


def _read_text(header: PcdHeader, wanted: list[str]) -> Iterator[Columns]:
    first = np.cumsum([0, *(field.count for field in header.fields)])
    chosen = [int(first[_index(header, name)]) for name in wanted]
    done = 0
    with open(header.path, encoding="latin-1") as file:
        file.seek(header.start)
        rows_of = number_rows(
            header.path, file, "a row of numbers", most=header.points, columns=chosen, comments=None
        )
        for rows in rows_of:
            done += len(rows)
            columns: dict[str, NDArray[np.generic]] = dict(zip(wanted, rows.T, strict=True))
            for name, column in zip(wanted, rows.T, strict=True):
                dtype = header.fields[_index(header, name)].dtype
                if dtype.kind != "f":  # packed colours are bits, others of 0 and 1 are dark
                    columns[name] = as_whole(column, dtype)
            yield columns
    if done < header.points:
        raise InputError(f"{header.path}: expected {header.points} points, found {done}; it is truncated")


def _read_binary(header: PcdHeader, wanted: list[str]) -> Iterator[Columns]:
    offsets = np.cumsum([0, *(field.bytes for field in header.fields)]).tolist()
    chosen = [_index(header, name) for name in wanted]
    dtype = np.dtype(
        {
            "names": wanted,
            "formats": [header.fields[i].dtype for i in chosen],
            "offsets": [offsets[i] for i in chosen],
            "itemsize": offsets[-1],
        }
    )
    rows = np.memmap(header.path, dtype, "r", header.start, (header.points,))
    for piece in pieces_of(len(rows)):
        yield {name: np.array(rows[name][piece]) for name in wanted}


def _read_compressed(header: PcdHeader, wanted: list[str]) -> Iterator[Columns]:
    """One field after the other; the library that writes them leaves out the padding."""
    with open(header.path, "rb") as file:
        file.seek(header.start)
        sizes = file.read(8)
        packed, size = struct.unpack("<II", sizes) if len(sizes) == 8 else (0, 0)
        if packed > header.size - header.start - 8 or not packed:
            raise InputError(
                f"{header.path}: expected {packed} compressed bytes, found"
                f" {max(header.size - header.start - 8, 0)}; it is truncated"
            )
        fields = header.fields
        if size != header.points * sum(field.bytes for field in fields):
            fields = tuple(field for field in fields if field.name != "_")
        if size != header.points * sum(field.bytes for field in fields):
            raise InputError(
                f"{header.path}: the header declares {header.points} points, but its data has {size} bytes"
            )
        try:
            data = lzf.decompress(file.read(packed), size)
        except ValueError as error:
            raise InputError(f"{header.path}: the compressed data is damaged ({error})") from None
    arrays: dict[str, NDArray[np.generic]] = {}
    offset = 0
    for field in fields:
        if field.name in wanted and field.name not in arrays:
            array = np.frombuffer(data, field.dtype, header.points * field.count, offset)
            arrays[field.name] = array[:: field.count]
        offset += header.points * field.bytes
    for piece in pieces_of(header.points):
        yield {name: np.array(array[piece]) for name, array in arrays.items()}


def _index(header: PcdHeader, name: str) -> int:
    index = header.index(name)
    assert index is not None
    return index
