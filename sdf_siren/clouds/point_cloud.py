"""The point cloud: what a reader returns and a fit consumes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.frames import Similarity


@dataclass(frozen=True)
class PointCloud:
    """Points with optional normals and colours, in world coordinates.

    Attributes:
        points: (n, 3) float64, finite, n >= 1.
        normals: (n, 3) float32 or None; as read, so possibly not of unit length.
        colours: (n, 3) uint8 or None.
        source: where the points came from, for messages.
        notes: what a reader or a filter did on the way (rows dropped, normals estimated), one
            line each; the run prints and records them.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float32] | None = None
    colours: NDArray[np.uint8] | None = None
    source: str = "points"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.points, dtype=np.float64)
        object.__setattr__(self, "points", points)
        if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
            raise InputError(
                f"{self.source}: expected points of shape (n, 3) with n >= 1, found {points.shape}"
            )
        if not np.isfinite(points).all():
            raise InputError(f"{self.source}: expected finite coordinates, found NaN or infinity")
        for name, dtype in (("normals", np.float32), ("colours", np.uint8)):
            value = getattr(self, name)
            if value is not None:
                value = np.ascontiguousarray(value, dtype=dtype)
                if value.shape != points.shape:
                    raise InputError(
                        f"{self.source}: expected {name} of shape {points.shape}, found {value.shape}"
                    )
                object.__setattr__(self, name, value)

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
        return replace(
            self,
            points=self.points[rows],
            normals=None if self.normals is None else self.normals[rows],
            colours=None if self.colours is None else self.colours[rows],
            notes=self.notes if note is None else (*self.notes, note),
        )


def unit_normals(normals: NDArray[np.floating]) -> NDArray[np.float32]:
    """``normals`` (n, 3), none of them zero, at unit length, float32.

    Those that are within 1e-6 of it stay as they are: dividing again would change their last bit, and a
    scan whose normals were completed before would give another field.
    """
    length = np.linalg.norm(np.asarray(normals, dtype=np.float64), axis=1, keepdims=True)
    length[np.abs(length - 1) < 1e-6] = 1
    return (normals / length).astype(np.float32)
