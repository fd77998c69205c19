"""The point cloud: what a reader returns and a fit consumes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.frames import Similarity

_COLUMNS: dict[str, tuple[type, tuple[int, ...]]] = {
    "normals": (np.float32, (3,)),
    "colours": (np.uint8, (3,)),
    "sensors": (np.float64, (3,)),
    "intensity": (np.float32, ()),
}
"""What a point can have besides its position: the type, and the shape per point."""


@dataclass(frozen=True)
class PointCloud:
    """Points with optional normals, colours and more, in world coordinates.

    Attributes:
        points: (n, 3) float64, finite, n >= 1.
        normals: (n, 3) float32 or None; as read, so possibly not of unit length.
        colours: (n, 3) uint8 or None.
        sensors: (n, 3) float64 or None, finite: where each point was measured from. The line from
            there to the point is free, so a normal has to look towards it.
        intensity: (n,) float32 or None, in the units of the file; NaN where it was not measured.
        source: where the points came from, for messages.
        notes: what a reader or a filter did on the way (rows dropped, normals estimated), one
            line each; the run prints and records them.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float32] | None = None
    colours: NDArray[np.uint8] | None = None
    source: str = "points"
    notes: tuple[str, ...] = ()
    sensors: NDArray[np.float64] | None = None
    intensity: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.points, dtype=np.float64)
        object.__setattr__(self, "points", points)
        if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
            raise InputError(
                f"{self.source}: expected points of shape (n, 3) with n >= 1, found {points.shape}"
            )
        if not np.isfinite(points).all():
            raise InputError(f"{self.source}: expected finite coordinates, found NaN or infinity")
        for name, (dtype, width) in _COLUMNS.items():
            value = getattr(self, name)
            if value is not None:
                if name == "colours":
                    self._check_bytes(name, np.asarray(value))
                value = np.ascontiguousarray(value, dtype=dtype)
                shape = (len(points), *width)
                if value.shape != shape:
                    raise InputError(f"{self.source}: expected {name} of shape {shape}, found {value.shape}")
                object.__setattr__(self, name, value)
        if self.sensors is not None and not np.isfinite(self.sensors).all():
            raise InputError(f"{self.source}: expected finite sensor positions, found NaN or infinity")

    def _check_bytes(self, name: str, value: NDArray[Any]) -> None:
        if value.dtype != np.uint8 and not ((value >= 0) & (value <= 255) & (value == np.floor(value))).all():
            raise InputError(
                f"{self.source}: expected {name} as whole numbers from 0 to 255, found numbers from "
                f"{value.min():g} to {value.max():g}; scale and round them first"
            )

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def frame(self) -> Similarity:
        """The similarity that takes these points into the cube of the fit."""
        return Similarity.fitting(self.points)

    @property
    def extent(self) -> NDArray[np.float64]:
        """Side lengths of the axis-aligned box, world units."""
        return np.ptp(self.points, axis=0)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer], note: str | None = None) -> PointCloud:
        """The cloud of the given rows (mask or indices), with ``note`` added to the notes."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        return replace(
            self,
            points=self.points[rows],
            notes=self.notes if note is None else (*self.notes, note),
            **{name: value[rows] for name, value in columns.items() if value is not None},
        )


def unit_normals(normals: NDArray[np.floating]) -> NDArray[np.float32]:
    """``normals`` (n, 3), none of them zero, at unit length, float32.

    Those that are within 1e-6 of it stay as they are: dividing again would change their last bit, and a
    scan whose normals were completed before would give another field.
    """
    length = np.linalg.norm(np.asarray(normals, dtype=np.float64), axis=1, keepdims=True)
    length[np.abs(length - 1) < 1e-6] = 1
    return (normals / length).astype(np.float32)
