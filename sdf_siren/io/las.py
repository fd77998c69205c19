"""LAS, LAZ and COPC files, by laspy with lazrs (extra ``las``).

The format: ASPRS, LAS Specification 1.4 R15. laspy trusts the counts of a header, so they are checked against
the file's size first. COPC is LAZ with an index, which is not needed here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.isolation import isolated, require
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.raw_points import CHUNK_ROWS, RawPoints, as_intensity, as_normals, remark

_NORMALS = (("normalx", "normaly", "normalz"), ("normal_x", "normal_y", "normal_z"), ("nx", "ny", "nz"))
_LOW_NOISE, _HIGH_NOISE = 7, 18
_LEAST_RECORD = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)
"""Bytes of a point by its format (tables 7 to 18)."""


def read_las_points(path: Path) -> Iterator[RawPoints]:
    """Points, colours and intensity of a LAS or LAZ file; normals if extra bytes hold them.

    Points that the producer withheld or classified as noise are left out. Near infrared is ignored.

    Raises:
        InputError: the file is none, or it is damaged.
        MissingLibraryError: laspy or lazrs is not installed.
    """
    _checked_count(path)
    require("laspy", "las")
    require("lazrs", "las")
    yield from isolated(__name__, path)


def decode(path: Path) -> Iterator[RawPoints]:
    """The same in this process, which lazrs can end."""
    import laspy

    count, done, left_out = _checked_count(path), 0, 0
    try:
        with laspy.open(path, laz_backend=laspy.LazBackend.Lazrs, read_evlrs=False) as reader:
            for record in reader.chunk_iterator(CHUNK_ROWS):
                done += len(record)
                keep = _kept(record)
                left_out += int((~keep).sum())
                yield _piece(record, keep)
    except Exception as error:  # laspy passes on whatever it stumbles over
        raise InputError(f"{path}: not a readable LAS or LAZ file ({one_line(error)})") from None
    if done < count:
        raise InputError(f"{path}: expected {count} points, found {done}; the file is truncated")
    if left_out:
        yield remark(f"{left_out} of {count} points that the file marks as withheld or noise were dropped")


def _kept(record: Any) -> NDArray[np.bool_]:
    classes = np.asarray(record.classification)
    noise = classes == _LOW_NOISE
    if record.point_format.id >= 6:
        noise |= classes == _HIGH_NOISE
    return ~(noise | np.asarray(record.withheld).astype(bool))


def _piece(record: Any, keep: NDArray[np.bool_]) -> RawPoints:
    names = {name.lower(): name for name in record.point_format.dimension_names}

    def stack(group: tuple[str, ...]) -> NDArray[Any]:
        return np.stack([np.asarray(record[names[name]])[keep] for name in group], axis=1)

    normals = next((group for group in _NORMALS if all(name in names for name in group)), None)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = [np.asarray(axis, dtype=np.float64)[keep] for axis in (record.x, record.y, record.z)]
    return RawPoints(
        np.stack(scaled, axis=1),
        as_normals(stack(normals)) if normals else None,
        stack(("red", "green", "blue")) if "red" in names else None,
        intensity=as_intensity(np.asarray(record.intensity)[keep]),
    )


def _checked_count(path: Path) -> int:
    """The number of points, after a check that the header's counts and offsets fit into the file."""
    size = checked_size(path)
    with open(path, "rb") as file:
        head = file.read(375)
    if head[:4] != b"LASF":
        raise InputError(f"{path}: expected a file beginning with 'LASF', found {head[:4]!r}")
    if len(head) < 227:
        raise InputError(
            f"{path}: expected a header of at least 227 bytes, found {len(head)}; it is truncated"
        )
    minor = head[25]
    header_bytes, start, records = struct.unpack_from("<HII", head, 94)
    point_format, point_bytes, count = struct.unpack_from("<BHI", head, 104)
    if head[24] != 1 or minor > 4 or header_bytes < 227 or start > size:
        raise InputError(f"{path}: the header of version {head[24]}.{minor} is damaged")
    if records * 54 > start - header_bytes:
        raise InputError(f"{path}: declares {records} records in a header of {start} bytes; it is damaged")
    compressed, point_format = bool(point_format & 0xC0), point_format & 0x3F
    if point_format >= len(_LEAST_RECORD) or point_bytes < _LEAST_RECORD[point_format]:
        raise InputError(f"{path}: unknown point format {point_format} of {point_bytes} bytes; it is damaged")
    if minor == 4 and len(head) == 375:
        (count,) = struct.unpack_from("<Q", head, 247)
    if count == 0:
        raise InputError(f"{path}: expected points, found a LAS file with 0 of them")
    # Even where all points are equal, a compressed one takes some thousandth of its size.
    least = count * point_bytes // (10_000 if compressed else 1)
    if least > size - start:
        raise InputError(
            f"{path}: the header declares {count} points, at least {least} bytes, but only {size - start}"
            " remain; the file is truncated or damaged"
        )
    return int(count)
