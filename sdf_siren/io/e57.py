"""E57 files, by pye57 (extra ``e57``), which wraps libE57Format.

The format: ASTM E2807. libE57Format checks the checksum of every page, but damage that carries a valid
checksum can crash it, so it runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.isolation import isolated, require
from sdf_siren.io.opening import checked_size, one_line
from sdf_siren.io.raw_points import CHUNK_ROWS, RawPoints, as_intensity, remark

_SIGNATURE = b"ASTM-E57"
_CARTESIAN = ("cartesianX", "cartesianY", "cartesianZ")
_SPHERICAL = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
_COLOURS = ("colorRed", "colorGreen", "colorBlue")
_GRID = ("rowIndex", "columnIndex")


def read_e57_points(path: Path) -> Iterator[RawPoints]:
    """World coordinates of all scans of an E57 file, with colours, intensity and the scanner's positions.

    Points marked as invalid are left out. A scan's sensor is where its pose moves the origin; a scan whose
    pose moves nothing has one only if it is a grid or spherical, since otherwise it may be a merged cloud.

    Raises:
        InputError: the file is none, or it is damaged.
        MissingLibraryError: pye57 is not installed.
    """
    checked_size(path)
    with open(path, "rb") as file:
        found = file.read(len(_SIGNATURE))
    if found != _SIGNATURE:
        raise InputError(f"{path}: expected a file beginning with 'ASTM-E57', found {found!r}")
    require("pye57", "e57")
    yield from isolated(__name__, path)


def decode(path: Path) -> Iterator[RawPoints]:
    """The same in this process, which libE57Format can end."""
    from pye57 import libe57

    size = checked_size(path)
    rows = invalid = 0
    try:
        # Not pye57.E57, which removes a file whose header it fails to write.
        image = libe57.ImageFile(str(path), "r")
        try:
            root = image.root()
            scans = root["data3D"] if root.isDefined("data3D") else ()
            if not len(scans):
                raise InputError(f"{path}: expected scans, found an E57 file without any")
            for number in range(len(scans)):
                for piece, dropped in _scan(f"{path}: scan {number + 1}", image, scans[number], size):
                    rows += len(piece) + dropped
                    invalid += dropped
                    yield piece
        finally:
            image.close()
    except InputError:
        raise
    except Exception as error:  # mostly libe57.E57Exception, whose first line says what is wrong
        text = one_line(ValueError(str(error).strip().split("\n")[0] or type(error).__name__))
        raise InputError(f"{path}: not a readable E57 file ({text})") from None
    if invalid:
        yield remark(f"{invalid} of {rows} points that the file marks as invalid were dropped")


def _scan(where: str, image: Any, scan: Any, size: int) -> Iterator[tuple[RawPoints, int]]:
    """The pieces of a scan, and how many invalid points each of them had."""
    from pye57 import libe57

    points = scan["points"]
    prototype = libe57.StructureNode(points.prototype())
    names = {prototype[i].elementName() for i in range(len(prototype))}
    spherical = not names.issuperset(_CARTESIAN)
    coordinates = _SPHERICAL if spherical else _CARTESIAN
    if not names.issuperset(coordinates):
        found = " ".join(sorted(names))[:80] or "none"
        raise InputError(f"{where}: expected Cartesian or spherical coordinates, found {found}")
    count = points.childCount()
    if count > 8 * size:
        raise InputError(f"{where}: declares {count} points, but its {size} bytes cannot hold them")
    turn, move = _pose(where, scan)
    located = spherical or names.issuperset(_GRID) or bool(move.any())
    invalid = "sphericalInvalidState" if spherical else "cartesianInvalidState"
    kinds = dict.fromkeys(coordinates, "d")
    if names.issuperset(_COLOURS):
        kinds |= dict.fromkeys(_COLOURS, "f")
    kinds |= {name: kind for name, kind in (("intensity", "f"), (invalid, "b")) if name in names}
    arrays = {name: np.zeros(min(count, CHUNK_ROWS), kind) for name, kind in kinds.items()}
    buffers = libe57.VectorSourceDestBuffer()
    for name, array in arrays.items():
        buffers.append(libe57.SourceDestBuffer(image, name, array, len(array), True, True))
    limits = _colour_limits(scan, prototype) if _COLOURS[0] in kinds else None
    done = 0
    reader = points.reader(buffers) if count else None
    while reader is not None and (read := reader.read()):
        done += read
        valid = arrays[invalid][:read] == 0 if invalid in arrays else np.ones(read, dtype=bool)
        columns = {name: array[:read][valid] for name, array in arrays.items()}
        local = np.stack([columns[name] for name in coordinates], axis=1)
        with np.errstate(over="ignore", invalid="ignore"):
            xyz = _from_spherical(local) if spherical else local
            placed = xyz @ turn.T + move
        piece = RawPoints(
            placed,
            colours=_colours(columns, limits) if _COLOURS[0] in columns else None,
            sensors=np.broadcast_to(move, placed.shape) if located else None,
            intensity=as_intensity(columns["intensity"]) if "intensity" in columns else None,
        )
        yield piece, int((~valid).sum())
    if done < count:
        raise InputError(f"{where}: expected {count} points, found {done}; the file is truncated")


def _pose(where: str, scan: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rotation matrix and the translation that take a scan into the file's coordinates."""
    quaternion, move = np.array([1.0, 0, 0, 0]), np.zeros(3)
    if scan.isDefined("pose/rotation"):
        quaternion = np.array([float(scan[f"pose/rotation/{name}"].value()) for name in "wxyz"])
    if scan.isDefined("pose/translation"):
        move = np.array([float(scan[f"pose/translation/{name}"].value()) for name in "xyz"])
    length = np.linalg.norm(quaternion)
    if not (np.isfinite(length) and length > 0 and np.isfinite(move).all()):
        raise InputError(f"{where}: its pose is no rotation and translation; the file is damaged")
    w, x, y, z = quaternion / length
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    return turn, move


def _from_spherical(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Range, azimuth from x, elevation from the xy plane, radians, to x, y, z (E2807, 8.4.4.1)."""
    distance, azimuth, elevation = values.T
    level = distance * np.cos(elevation)
    return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), distance * np.sin(elevation)], axis=1)


def _colour_limits(scan: Any, prototype: Any) -> NDArray[np.float64] | None:
    """The (2, 3) least and largest values of the colours, if the file says them."""
    limits = []
    for name in _COLOURS:
        if scan.isDefined("colorLimits"):
            ends = [scan[f"colorLimits/{name}{end}"].value() for end in ("Minimum", "Maximum")]
        elif hasattr(prototype[name], "maximum"):
            ends = [prototype[name].minimum(), prototype[name].maximum()]
        else:
            return None
        limits.append([float(end) for end in ends])
    low, high = np.array(limits).T
    return np.stack([low, high]) if (np.isfinite(high - low) & (high > low)).all() else None


def _colours(columns: dict[str, NDArray[Any]], limits: NDArray[np.float64] | None) -> NDArray[np.generic]:
    values = np.stack([columns[name] for name in _COLOURS], axis=1)
    if limits is None:
        return values
    low, high = limits
    scaled = np.nan_to_num((values - low) / (high - low))
    return np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
