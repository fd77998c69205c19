"""What a reader of one format hands to :mod:`sdf_siren.io.points`, before any of it is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

CHUNK_ROWS = 1 << 18
"""Points that a reader holds at once, where its format allows reading piece by piece."""

COLUMNS = ("points", "normals", "colours", "sensors", "intensity")
"""The arrays of a :class:`RawPoints`."""


@dataclass(frozen=True)
class RawPoints:
    """Columns of a file, all of the same length; coordinates may be anything, NaN included.

    Attributes:
        points: (n, 3) float64.
        normals: (n, 3) float32 or None.
        colours: (n, 3) numbers or None, as the file has them: a piece of a file cannot tell whether
            its numbers go to 1, 255 or 65535, see :func:`as_colours`.
        notes: what the reader did that the user would want to know.
        sensors: (n, 3) float64 or None, where the points were measured from; may be a broadcast view.
        intensity: (n,) float32 or None.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float32] | None = None
    colours: NDArray[np.generic] | None = None
    notes: tuple[str, ...] = ()
    sensors: NDArray[np.float64] | None = None
    intensity: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.points)

    def select(self, rows: NDArray[np.bool_]) -> RawPoints:
        """The given rows of all columns; the notes stay."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        return replace(self, **{name: value[rows] for name, value in columns.items() if value is not None})


def remark(*notes: str) -> RawPoints:
    """No points but notes, for what a reader knows only at the end of a file."""
    return RawPoints(np.empty((0, 3)), notes=notes)


def joined(pieces: Sequence[RawPoints]) -> RawPoints:
    """The points of all pieces, one after the other.

    A column that some of the points lack is left out, with a note.
    """
    notes = list(dict.fromkeys(note for piece in pieces for note in piece.notes))
    full = [piece for piece in pieces if len(piece)]
    if not full:
        return remark(*notes)
    columns: dict[str, NDArray[np.generic]] = {}
    for name in COLUMNS:
        values = [value for piece in full if (value := getattr(piece, name)) is not None]
        if len(values) == len(full):
            columns[name] = np.concatenate(values)
        elif values:
            lacking = sum(len(piece) for piece in full if getattr(piece, name) is None)
            notes.append(f"{lacking} points of the file have no {name}: those of the others are not used")
    return RawPoints(notes=tuple(notes), **columns)  # type: ignore[arg-type]


def pieces_of(count: int) -> Iterator[slice]:
    """Consecutive slices that cover ``count`` rows, none longer than :data:`CHUNK_ROWS`."""
    for start in range(0, count, CHUNK_ROWS):
        yield slice(start, min(start + CHUNK_ROWS, count))


def as_points(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """(n, 3) numbers as float64, a copy."""
    with np.errstate(invalid="ignore"):  # a signalling NaN in a damaged file
        return np.array(values, dtype=np.float64, order="C")


def as_normals(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """(n, 3) numbers as float32; what overflows becomes infinite and is dealt with as a bad normal."""
    return as_single(values)


def as_intensity(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """(n,) numbers as float32; what overflows becomes infinite."""
    return as_single(values)


def as_single(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """Numbers of a file as float32, a copy; what overflows becomes infinite without a word."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(values, dtype=np.float32, order="C")


def as_colours(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """(n, 3) numbers as uint8: 8-bit, 16-bit (above 255) or, if of floating type, 0 to 1."""
    if values.dtype == np.uint8:
        return np.array(values, order="C")
    with np.errstate(invalid="ignore"):
        numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    largest = numbers.max(initial=0.0)
    if largest > 255:
        numbers /= 257
    elif largest <= 1 and values.dtype.kind == "f":
        numbers *= 255
    return np.clip(np.rint(numbers), 0, 255).astype(np.uint8)
