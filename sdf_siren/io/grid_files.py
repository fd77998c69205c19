"""Functions on regular grids: NumPy archives, and VTK image data for ParaView."""

from __future__ import annotations

import base64
import os
import struct
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Grid
from sdf_siren.errors import InputError, UsageError, nearest
from sdf_siren.files import atomic_path
from sdf_siren.io.numpy_files import read_npz_arrays

GRID_SUFFIXES = (".npz", ".vti", ".png")
_MOST_VTK_AXES = 3
_LARGEST_BYTES = 2**32
"""Of all that is read from an archive; more than the finest grids that are computed need."""


def check_grid_path(path: Path, dimension: int | None = None) -> None:
    """Refuse, before the work, a path whose suffix names no format, or one for fewer axes.

    Raises:
        UsageError: the suffix is another, or .vti for more than three coordinates.
    """
    if path.suffix.lower() not in GRID_SUFFIXES:
        hint = nearest(path.suffix.lower(), GRID_SUFFIXES)
        raise UsageError(f"{path}: expected a name ending in .npz, .vti or .png; {hint}")
    if dimension is not None and dimension > _MOST_VTK_AXES and path.suffix.lower() == ".vti":
        raise UsageError(f"{path}: VTK has no grids of {dimension} coordinates; choose .npz")


def write_grid(grid: Grid, path: str | os.PathLike[str]) -> None:
    """Write ``grid`` as .npz or .vti by the suffix of ``path``, atomically.

    An archive holds every axis and every function as an array under its name. VTK files hold float64 as
    base64; complex functions are two arrays there, ``u_real`` and ``u_imag``.

    Raises:
        UsageError: another suffix, or the path cannot be written.
    """
    path = Path(path)
    check_grid_path(path, len(grid.axes))
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".npz":
            with open(temporary, "wb") as file:  # savez would add a suffix to a name
                np.savez_compressed(file, allow_pickle=False, **grid.axes, **grid.values)
        elif path.suffix.lower() == ".vti":
            temporary.write_text(_vti(grid), encoding="utf-8")
        else:
            raise ValueError(f"{path}: pictures are drawn by sdf_siren.render")


def read_grid(path: str | os.PathLike[str]) -> Grid:
    """Read an archive written by :func:`write_grid`.

    Raises:
        InputError: it is no such archive.
    """
    found = read_npz_arrays(Path(path), None, _LARGEST_BYTES)
    # Copies, because what was read cannot be written to.
    arrays: dict[str, NDArray[Any]] = {name: array.copy() for name, array in found.items()}
    try:
        rank = max(array.ndim for array in arrays.values())
        axes = {name: array for name, array in arrays.items() if array.ndim == 1}
        if rank == 1:  # every array has one axis: the coordinate is the first of them
            axes = dict(list(axes.items())[:1])
        values = {name: array for name, array in arrays.items() if name not in axes}
        if not (axes and values):
            raise ValueError("no axis, or no function on it")
        return Grid(axes, values)
    except ValueError as error:
        raise InputError(f"{path}: not a grid written by this program ({error})") from None


def _vti(grid: Grid) -> str:
    """VTK's ImageData as XML; x runs fastest there."""
    missing = 3 - len(grid.axes)
    shape = (*grid.shape, *[1] * missing)
    origin = [float(axis[0]) for axis in grid.axes.values()] + [0.0] * missing
    spacing = [float(axis[-1] - axis[0]) / (len(axis) - 1) for axis in grid.axes.values()] + [1.0] * missing
    extent = " ".join(f"0 {n - 1}" for n in shape)
    arrays = "".join(
        f'<DataArray type="Float64" Name={quoteattr(name)} format="binary">{_encoded(values)}</DataArray>\n'
        for name, values in _real(grid).items()
    )
    return (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n'
        f'<ImageData WholeExtent="{extent}" Origin="{_row(origin)}" Spacing="{_row(spacing)}">\n'
        f'<Piece Extent="{extent}">\n<PointData Scalars={quoteattr(next(iter(_real(grid))))}>\n'
        f"{arrays}</PointData>\n</Piece>\n</ImageData>\n</VTKFile>\n"
    )


def _row(numbers: list[float]) -> str:
    return " ".join(map(repr, numbers))


def _real(grid: Grid) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    for name, values in grid.values.items():
        if np.iscomplexobj(values):
            found |= {f"{name}_real": values.real, f"{name}_imag": values.imag}
        else:
            found[name] = np.asarray(values, np.float64)
    return found


def _encoded(values: NDArray[np.float64]) -> str:
    """Length and little-endian bytes, in the order in which the first axis runs fastest."""
    data = values.astype("<f8").tobytes(order="F")
    return base64.b64encode(struct.pack("<Q", len(data)) + data).decode("ascii")
