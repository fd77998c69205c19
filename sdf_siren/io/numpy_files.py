"""Points as NumPy arrays: .npy and .npz, without pickle, checked before anything is allocated."""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.raw_points import RawPoints, as_colours, as_normals, as_points, pieces_of

_HEADER_LIMIT = 4096
_REAL = "fiu"
"""Kinds of types."""
_SMALL = 16 * 1024**2
_MOST_INFLATION = 100
"""Deflate reaches 1000; coordinates of real scans reach 10."""

_HEADER_ERRORS = (
    ValueError,
    SyntaxError,
    tokenize.TokenError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
    MemoryError,  # from the parser, for deep nesting
    struct.error,
)
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError)


def read_npy_points(path: Path) -> Iterator[RawPoints]:
    """An array of shape (n, 3), or (n, 6) with normals, of any integer or floating type.

    Raises:
        InputError: another shape or type, or a file shorter than its header says.
    """
    size = checked_size(path)
    with open(path, "rb") as file:
        shape, fortran, dtype = _header(path, file)
        offset = file.tell()
    _check_length(str(path), shape, dtype, size - offset)
    array = np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")
    for piece in pieces_of(len(array)):
        yield _split(array[piece])


def read_npz_points(path: Path) -> Iterator[RawPoints]:
    """The arrays ``points`` (n, 3) or (n, 6), ``normals`` (n, 3) and ``colors`` (n, 3) of an archive.

    Raises:
        InputError: no ``points``, wrong shapes or types, or a member that inflates to more than it
            should.
    """
    checked_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if "points" not in members:
                found = ", ".join(map(repr, sorted(members)[:5])) or "none"
                raise InputError(
                    f"{path}: expected an array 'points' in the archive, found {found[:80]}; "
                    "save it with numpy.savez(path, points=...)"
                )
            raw = _split(_member(path, archive, members["points"]))
            normals, colours = raw.normals, raw.colours
            if "normals" in members:
                normals = as_normals(_triples(path, "normals", _member(path, archive, members["normals"])))
            if "colors" in members:
                colours = as_colours(_triples(path, "colors", _member(path, archive, members["colors"])))
    except _ZIP_ERRORS as error:
        raise InputError(
            f"{path}: not a readable .npz archive ({one_line(error)}); write it with numpy.savez"
        ) from None
    for name, value in (("normals", normals), ("colors", colours)):
        if value is not None and len(value) != len(raw.points):
            raise InputError(
                f"{path}: expected {len(raw.points)} rows of {name}, found {len(value)}; "
                "save one for each point"
            )
    yield RawPoints(raw.points, normals, colours)


def read_npz_arrays(
    path: Path, names: Sequence[str] | None, largest_bytes: int
) -> dict[str, NDArray[np.generic]]:
    """The named arrays of an archive, of any shape, real or complex; None for all that it has.

    Raises:
        InputError: no archive, one without such an array, an array of something else than numbers, one that
            is cut off, or arrays that are together larger than ``largest_bytes``.
    """
    checked_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            for name in names or ():
                if name not in members:
                    found = ", ".join(map(repr, sorted(members)[:5])) or "none"
                    raise InputError(
                        f"{path}: expected an array {name!r} in the archive, found {found[:80]}; "
                        f"save it with numpy.savez(path, {name}=...)"
                    )
            arrays = {}
            for name in members if names is None else names:
                arrays[name] = _array(path, archive, members[name], largest_bytes)
                largest_bytes -= arrays[name].nbytes
            return arrays
    except _ZIP_ERRORS as error:
        raise InputError(
            f"{path}: not a readable .npz archive ({one_line(error)}); write it with numpy.savez"
        ) from None


def read_npy_array(path: Path, largest_bytes: int, *, complex: bool = False) -> NDArray[np.generic]:
    """An array of numbers of any shape, with ``complex`` complex ones too, mapped from the file.

    Raises:
        InputError: no such array, one larger than ``largest_bytes``, or a file shorter than its header says.
    """
    size = checked_size(path)
    with open(path, "rb") as file:
        shape, fortran, dtype = _header(path, file, _REAL + "c" if complex else _REAL)
        offset = file.tell()
    _check_size(str(path), shape, dtype, size - offset, largest_bytes)
    return np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")


def _header(
    path: Path, file: IO[bytes], kinds: str = _REAL
) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, Fortran order and type; the header is parsed as a literal, never executed."""
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"format version {version}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # arrays written by Python 2
            shape, fortran, dtype = read(file, max_header_size=_HEADER_LIMIT)
    except _HEADER_ERRORS as error:
        raise InputError(
            f"{path}: not a NumPy array file ({one_line(error)}); write it with numpy.save"
        ) from None
    if dtype.kind not in kinds:
        raise InputError(
            f"{path}: expected an array of numbers, found the type {str(dtype)[:40]}; convert it"
        )
    return shape, fortran, dtype


def _check_length(where: str, shape: tuple[int, ...], dtype: np.dtype[np.generic], available: int) -> None:
    if len(shape) != 2 or shape[0] < 1 or shape[1] not in (3, 6):
        raise InputError(f"{where}: expected an array of shape (n, 3) or (n, 6), found {str(shape)[:60]}")
    needed = math.prod(shape) * dtype.itemsize
    if needed > available:
        raise InputError(f"{where}: the header declares {needed} bytes, found {available}; it is truncated")


def _check_size(
    where: str, shape: tuple[int, ...], dtype: np.dtype[np.generic], available: int, largest_bytes: int
) -> None:
    needed = math.prod(shape) * dtype.itemsize
    if not 0 < needed <= min(largest_bytes, available):
        raise InputError(
            f"{where}: the header declares {needed} bytes, found {available}, and at most {largest_bytes} "
            "are read; it is empty, truncated or too large"
        )


def _array(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, largest_bytes: int
) -> NDArray[np.generic]:
    """A member of any shape. However far it inflates, no more of it is read than ``largest_bytes``."""
    with archive.open(info) as file:
        shape, fortran, dtype = _header(path, file, _REAL + "c")
        where = f"{path}[{info.filename[:40]}]"
        _check_size(where, shape, dtype, info.file_size - file.tell(), largest_bytes)
        data = file.read(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _check_inflation(path: Path, info: zipfile.ZipInfo) -> None:
    if info.file_size > max(_SMALL, _MOST_INFLATION * info.compress_size):
        raise InputError(
            f"{path}: refused {info.filename[:40]!r}, which would grow from {info.compress_size} to"
            f" {info.file_size} bytes; save it with numpy.savez"
        )


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[np.generic]:
    _check_inflation(path, info)
    with archive.open(info) as file:
        shape, fortran, dtype = _header(path, file)
        _check_length(f"{path}[{info.filename[:40]}]", shape, dtype, info.file_size - file.tell())
        data = file.read(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _split(array: NDArray[np.generic]) -> RawPoints:
    # A copy: a cloud must not change with the file it was mapped from.
    points = as_points(array[:, :3])
    return RawPoints(points, as_normals(array[:, 3:6]) if array.shape[1] == 6 else None)


def _triples(path: Path, name: str, array: NDArray[np.generic]) -> NDArray[np.generic]:
    if array.shape[1] != 3:
        raise InputError(f"{path}: expected {name} of shape (n, 3), found {array.shape}")
    return array
