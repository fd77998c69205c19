"""What a reader of one format hands to :mod:`sdf_siren.io.points`, before any of it is trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RawPoints:
    """Columns of a file, all of the same length; coordinates may be anything, NaN included.

    Attributes:
        points: (n, 3) float64.
        normals: (n, 3) float32 or None.
        colours: (n, 3) uint8 or None.
        notes: what the reader did that the user would want to know.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float32] | None = None
    colours: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()

    def select(self, rows: NDArray[np.bool_], note: str) -> RawPoints:
        """The given rows of all columns, with ``note`` added to the notes."""
        return RawPoints(
            self.points[rows],
            None if self.normals is None else self.normals[rows],
            None if self.colours is None else self.colours[rows],
            (*self.notes, note),
        )


def as_normals(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """(n, 3) numbers as float32; what overflows becomes infinite and is dealt with as a bad normal."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(values, dtype=np.float32, order="C")


def as_colours(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """(n, 3) numbers as uint8: 8-bit, 16-bit (above 255) or, if of floating type, 0 to 1."""
    if values.dtype == np.uint8:
        return np.array(values, order="C")
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    largest = numbers.max(initial=0.0)
    if largest > 255:
        numbers /= 257
    elif largest <= 1 and values.dtype.kind == "f":
        numbers *= 255
    return np.clip(np.rint(numbers), 0, 255).astype(np.uint8)
