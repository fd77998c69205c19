"""Measured waves: who fired where, who listened where, what was heard; from an .npz archive or a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.numpy_files import read_npz_arrays
from sdf_siren.io.opening import checked_size

SUFFIXES = (".npz", ".csv")
COLUMNS = ("source_x", "source_y", "receiver_x", "receiver_y", "real", "imag")
"""Of a table, in any order; one line for every source and receiver."""
_LARGEST_BYTES = 2**28
_MOST_LINES = 2_000_000


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured.

    Attributes:
        sources: positions (s, 2) float64.
        receivers: positions (r, 2) float64.
        heard: at receivers by source, (r, s) complex128.
    """

    sources: NDArray[np.float64]
    receivers: NDArray[np.float64]
    heard: NDArray[np.complex128]


def read_measurements(path: Path) -> Measurements:
    """The measurements in a file.

    An archive holds ``sources`` (s, 2), ``receivers`` (r, 2) and ``heard``, (r, s) complex or (r, s, 2) real
    and imaginary parts. A table holds ``COLUMNS`` and a line for every pair.

    Raises:
        InputError: another format, missing arrays or columns, wrong shapes, pairs that are missing or twice,
            values that are not finite.
    """
    size = checked_size(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: expected measurements in {' or '.join(SUFFIXES)}, found {path.suffix!r}")
    if size > _LARGEST_BYTES:
        raise InputError(f"{path}: expected at most {_LARGEST_BYTES} bytes of measurements, found {size}")
    found = _of_archive(path) if path.suffix.lower() == ".npz" else _of_table(path)
    for name in ("sources", "receivers", "heard"):
        array = getattr(found, name)
        if not np.isfinite(array).all():
            row = int(np.argmin(np.isfinite(array).reshape(len(array), -1).all(1)))
            raise InputError(f"{path}: expected finite {name}, found NaN or infinity in row {row + 1}")
    return found


def _of_archive(path: Path) -> Measurements:
    arrays = read_npz_arrays(path, ("sources", "receivers", "heard"), _LARGEST_BYTES)
    sources, receivers = (_positions(path, name, arrays[name]) for name in ("sources", "receivers"))
    heard = arrays["heard"]
    if heard.ndim == 3 and heard.shape[2] == 2 and heard.dtype.kind != "c":
        parts = heard.astype(np.float64)
        heard = parts[..., 0] + 1j * parts[..., 1]
    expected = (len(receivers), len(sources))
    if heard.shape != expected or heard.dtype.kind != "c":
        raise InputError(
            f"{path}: expected heard of shape {expected}, receivers by sources, complex or with two parts "
            f"along a third axis, found {heard.dtype} {heard.shape}"
        )
    return Measurements(sources, receivers, heard.astype(np.complex128))  # a copy that may be written


def _positions(path: Path, name: str, array: NDArray[np.generic]) -> NDArray[np.float64]:
    if array.ndim != 2 or array.shape[1] != 2 or len(array) == 0 or array.dtype.kind == "c":
        raise InputError(f"{path}: expected {name} of shape (n, 2), found {array.dtype} {array.shape}")
    return array.astype(np.float64)


def _of_table(path: Path) -> Measurements:
    rows = _rows(path)
    sources, source = _places(rows[:, 0:2])
    receivers, receiver = _places(rows[:, 2:4])
    counts = np.zeros((len(receivers), len(sources)), dtype=np.int64)
    np.add.at(counts, (receiver, source), 1)
    if (counts != 1).any():
        r, s = (int(k) for k in np.argwhere(counts != 1)[0])
        raise InputError(
            f"{path}: expected one line for every source and receiver, found {counts[r, s]} for the source "
            f"at ({sources[s, 0]:g}, {sources[s, 1]:g}) and the receiver at "
            f"({receivers[r, 0]:g}, {receivers[r, 1]:g})"
        )
    heard = np.empty(counts.shape, dtype=np.complex128)
    heard[receiver, source] = rows[:, 4] + 1j * rows[:, 5]
    return Measurements(sources, receivers, heard)


def _rows(path: Path) -> NDArray[np.float64]:
    """The table's numbers, columns in the order of ``COLUMNS``."""
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = csv.reader(file)
        try:
            names = [name.strip().lower() for name in next(lines, [])]
            missing = [name for name in COLUMNS if name not in names]
            if missing:
                raise InputError(
                    f"{path}: expected a first line with {', '.join(COLUMNS)}, found no {missing[0]}"
                )
            columns = [names.index(name) for name in COLUMNS]
            rows: list[list[float]] = []
            for line in lines:
                if not any(field.strip() for field in line):
                    continue
                rows.append(_numbers(path, lines.line_num, line, columns))
                if len(rows) > _MOST_LINES:
                    raise InputError(f"{path}: expected at most {_MOST_LINES:,} lines; save it as .npz")
        except csv.Error as error:
            raise InputError(f"{path}: line {lines.line_num}: not a table ({error})") from None
    if not rows:
        raise InputError(f"{path}: expected a line for every source and receiver, found none")
    return np.array(rows)


def _numbers(path: Path, number: int, line: list[str], columns: list[int]) -> list[float]:
    try:
        return [float(line[column]) for column in columns]
    except (ValueError, IndexError):
        shown = ",".join(line)[:60]
        raise InputError(f"{path}: line {number}: expected {len(COLUMNS)} numbers, found {shown!r}") from None


def _places(positions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each position once, in the order of their first lines, and for every line which it is."""
    _, first, which = np.unique(positions, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return positions[first[order]], rank[which.reshape(-1)]
